import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { forbidden, groupFull, groupNotFound, recipientBlockedYou, userNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { Created } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { CreateGroup, Group, GroupPage, UpdateGroup } from './groups.dto.js';
import { GroupsService } from './groups.service.js';

@ParleyController('groups')
export class GroupsController {
  constructor(private readonly groups: GroupsService) {}

  /** Create a group, which you then own. */
  @Post()
  @Created(({ id }: Group) => `/groups/${id}`)
  @Problems(userNotFound, recipientBlockedYou, groupFull)
  createGroup(@CurrentUser() me: ActingUser, @Body() command: CreateGroup): Promise<Group> {
    return this.groups.create(me, command);
  }

  /** List the groups you are in, newest first. */
  @Get()
  listGroups(@CurrentUser() me: ActingUser, @Query() query: PageQuery): Promise<GroupPage> {
    return this.groups.list(me, query);
  }

  /** Show a group you are in. */
  @Get(':id')
  @Problems(groupNotFound)
  getGroup(@CurrentUser() me: ActingUser, @Param('id') id: string): Promise<Group> {
    return this.groups.get(me, id);
  }

  /** Rename a group: its owner and admins may. */
  @Patch(':id')
  @Problems(groupNotFound, forbidden)
  updateGroup(@CurrentUser() me: ActingUser, @Param('id') id: string, @Body() { name }: UpdateGroup): Promise<Group> {
    return this.groups.rename(me, id, name);
  }

  /** Delete a group with everything written in it: its owner may. */
  @Delete(':id')
  @HttpCode(204)
  @Problems(groupNotFound, forbidden)
  removeGroup(@CurrentUser() me: ActingUser, @Param('id') id: string): Promise<void> {
    return this.groups.remove(me, id);
  }
}
