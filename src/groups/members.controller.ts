import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type ActingUser, type Reply } from '../common/caller.js';
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
import { Member, MemberPage, PutMember } from './groups.dto.js';
import { MembersService } from './members.service.js';

@ApiTags('groups')
@Controller('groups/:id/members')
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
  @ApiBody({ type: PutMember, required: false })
  @ApiOkResponse({ type: Member, description: 'They were a member before, and have this role now.' })
  @ApiCreatedResponse({ type: Member, description: 'They were added.' })
  @Problems(groupNotFound, userNotFound, forbidden, recipientBlockedYou, groupFull)
  async putMember(
    @CurrentUser() me: ActingUser,
    @Param('id') id: string,
    @Param('address') address: string,
    @Body() body: PutMember,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Member> {
    const { member, added } = await this.members.put(me, id, address, body?.role);
    if (added) {
      reply.status(201);
      reply.header('Location', `/v1/groups/${id}/members/${member.user.id}`);
    }
    return member;
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
