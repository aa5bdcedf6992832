import { RoleNumber } from '../conversations/member.entity.js';

/** Roles by their number: a later one may do more. */
export const ROLES = ['member', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

export const roleName = (role: RoleNumber): Role => ROLES[role];

/** Owner and admins rename the group, add members and remove plain ones. */
export const mayManage = (actor: RoleNumber): boolean => actor >= RoleNumber.admin;

/** The owner removes anyone else, an admin plain members only. Leaving is everyone's right and is not asked here. */
export const mayRemove = (actor: RoleNumber, target: RoleNumber): boolean => actor > target;

/**
 * Whether the actor may turn `from` (undefined: no member yet) into `to`. Who manages the group adds plain members, and
 * may ask for what is so already. All else is the owner's, but for the owner's own role, which changes only when
 * somebody else becomes owner.
 */
export function mayChange(actor: RoleNumber, from: RoleNumber | undefined, to: RoleNumber): boolean {
  if (from === to || (from === undefined && to === RoleNumber.member)) return mayManage(actor);
  return actor === RoleNumber.owner && from !== RoleNumber.owner;
}
