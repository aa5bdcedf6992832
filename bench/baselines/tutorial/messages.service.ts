import { Inject, Injectable } from '@nestjs/common';
import { Repository } from 'typeorm';
import type { CreateMessageDto } from './create-message.dto.js';
import { MessageEntity } from './message.entity.js';

@Injectable()
export class MessagesService {
  constructor(@Inject(Repository) private readonly repository: Repository<MessageEntity>) {}

  create(message: CreateMessageDto): Promise<MessageEntity> {
    return this.repository.save(this.repository.create(message));
  }
}
