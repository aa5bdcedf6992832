import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A password, in a table of its own so that no query on users can leak a hash. */
@Entity('credentials')
export class CredentialEntity {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'credentials_pkey' })
  userId: string;

  /** argon2id in PHC format. */
  @Column('text', { name: 'password_hash' })
  passwordHash: string;
}
