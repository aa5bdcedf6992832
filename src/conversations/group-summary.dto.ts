import { ApiProperty } from '@nestjs/swagger';

/** A group in few words. */
export class GroupSummary {
  /**
   * Id of the group, which is also its conversation's.
   * @example '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Name of the group.
   * @example 'Rowing on Sunday'
   */
  name: string;

  /**
   * How many members it has.
   * @example 12
   */
  @ApiProperty({ type: 'integer', format: 'int64' })
  memberCount: number;
}
