import { Body, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import {
  forbidden,
  groupFull,
  groupNotFound,
  notAMember,
  recipientBlockedYou,
  userNotFound,
} from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { CreatedOrOk } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { Member, MemberPage, PutMember } from './groups.dto.js';
import { MembersService, type PutResult } from './members.service.js';

@ParleyController('groups/:id/members')
export class MembersController {
  constructor(private readonly members: MembersService) {}

  /** List the members of a group you are in, longest-standing first. */
  @Get()
  @Problems(groupNotFound)
  listMembers(@CurrentUser() me: ActingUser, @Param('id') id: string, @Query() query: PageQuery): Promise<MemberPage> {
    return this.members.list(me, id, query);
  }

  /** Add a user to a group, or change a member's role: its owner may, and admins add plain members. */
  @Put(':address')
  @CreatedOrOk(({ member, added }: PutResult, { id }) => ({
    body: member,
    path: added && `/groups/${id}/members/${member.user.id}`,
  }))
  @ApiBody({ type: PutMember, required: false })
  @ApiOkResponse({ type: Member, description: 'They were a member before, and have this role now.' })
  @ApiCreatedResponse({ type: Member, description: 'They were added.' })
  @Problems(groupNotFound, userNotFound, forbidden, recipientBlockedYou, groupFull)
  putMember(
    @CurrentUser() me: ActingUser,
    @Param('id') id: string,
    @Param('address') address: string,
    @Body() { role }: PutMember,
  ): Promise<PutResult> {
    return this.members.put(me, id, address, role);
  }

  /** Remove a member from a group, or leave it: yourself anyone may, plain members owner and admins, others the owner. */
  @Delete(':address')
  @HttpCode(204)
  @Problems(groupNotFound, userNotFound, notAMember, forbidden)
  removeMember(
    @CurrentUser() me: ActingUser,
    @Param('id') id: string,
    @Param('address') address: string,
  ): Promise<void> {
    return this.members.remove(me, id, address);
  }
}
