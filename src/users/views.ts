import type { Caller } from '../common/caller.js';
import { DELETED_USER } from './names.js';
import type { UserEntity } from './user.entity.js';
import type { User, UserSummary } from './users.dto.js';
import type { NameRow } from './users.repository.js';

export function summaryOf({ id, username, displayName, deleted }: NameRow): UserSummary {
  if (deleted) return { id, displayName: DELETED_USER, deleted };
  return { id, ...(username !== null && { username }), displayName, deleted };
}

/** A user as `caller` may see them. */
export function userOf(user: UserEntity, caller: Caller): User {
  const { createdAt, externalId } = user;
  const summary = summaryOf({ ...user, deleted: user.deletedAt !== null });
  return { ...summary, createdAt, ...(caller.application && externalId !== null && { externalId }) };
}
