import { IsString, IsUUID, Length } from 'class-validator';

export class CreateMessageDto {
  @IsUUID()
  sender: string;

  @IsUUID()
  recipient: string;

  @IsString()
  @Length(1, 160)
  text: string;
}
