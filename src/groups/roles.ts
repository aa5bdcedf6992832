import { RoleNumber } from '../conversations/member.entity.js';

/** Roles by their number: a higher one may do more. */
export const ROLES = ['member', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export const roleName = (role: RoleNumber): Role => ROLES[role];

/** Owner and admins rename the group, add members and remove plain ones. */
export const mayManage = (actor: RoleNumber): boolean => actor >= RoleNumber.admin;

/** The owner removes anyone else, an admin plain members only. Anyone may leave, which this does not check. */
export const mayRemove = (actor: RoleNumber, target: RoleNumber): boolean => actor > target;

/**
 * Whether the actor may change a role from `from` (undefined: not a member) to `to`. Owner and admins add plain members, and may
 * set a role that the member has already. Only the owner may do the rest, except change their own role: that changes only
 * when another member becomes owner.
 */
export function mayChange(actor: RoleNumber, from: RoleNumber | undefined, to: RoleNumber): boolean {
  if (from === to || (from === undefined && to === RoleNumber.member)) return mayManage(actor);
  return actor === RoleNumber.owner && from !== RoleNumber.owner;
}
