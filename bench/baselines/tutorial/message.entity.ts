import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('messages')
export class MessageEntity {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column('uuid')
  sender: string;

  @Column('uuid')
  recipient: string;

  @Column('varchar', { length: 160 })
  text: string;

  @CreateDateColumn({ type: 'timestamptz' })
  sentAt: Date;
}
