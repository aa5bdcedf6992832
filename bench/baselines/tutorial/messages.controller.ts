import { Body, Controller, Post } from '@nestjs/common';
import { CreateMessageDto } from './create-message.dto.js';
import type { MessageEntity } from './message.entity.js';
import { MessagesService } from './messages.service.js';

@Controller('messages')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  @Post()
  create(@Body() message: CreateMessageDto): Promise<MessageEntity> {
    return this.messages.create(message);
  }
}
