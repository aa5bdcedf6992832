import { Body, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { CurrentUser, type ActingUser } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { Problems } from '../common/problems.decorator.js';
import { clientMessageIdReused, messageNotFound, recipientBlockedYou, recipientNotFound } from '../common/problems.js';
import { CreatedOrOk } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { SendMessages, SendResults } from './batch.dto.js';
import { Message, ReceiptPage, SendMessage } from './messages.dto.js';
import { MessagesService } from './messages.service.js';
import { SendingService, type Sent } from './sending.service.js';

@ParleyController('messages')
export class MessagesController {
  constructor(
    private readonly sending: SendingService,
    private readonly messages: MessagesService,
  ) {}

  /** Send a message to a user or a group. */
  @Post()
  @CreatedOrOk(({ message, isRepeated }: Sent) => ({ body: message, path: !isRepeated && `/messages/${message.id}` }))
  @ApiCreatedResponse({ type: Message, description: 'It is stored.' })
  @ApiOkResponse({
    type: Message,
    description: 'It was sent before, under the same clientMessageId; nothing was stored.',
  })
  @Problems(recipientNotFound, recipientBlockedYou, clientMessageIdReused)
  sendMessage(@CurrentUser() me: ActingUser, @Body() command: SendMessage): Promise<Sent> {
    return this.sending.send(me, command);
  }

  /** Send up to 500 messages at once: one outcome per message, in order. */
  @Post('batch')
  @HttpCode(200)
  async sendMessages(@CurrentUser() me: ActingUser, @Body() { messages }: SendMessages): Promise<SendResults> {
    return { results: await this.sending.sendAll(me, messages) };
  }

  /** Get one message. */
  @Get(':id')
  @Problems(messageNotFound)
  getMessage(@CurrentUser() me: ActingUser, @Param('id') id: string): Promise<Message> {
    return this.messages.get(me, id);
  }

  /** Mark a message, and everything before it in its conversation, as read. */
  @Post(':id/read')
  @HttpCode(204)
  @Problems(messageNotFound)
  markRead(@CurrentUser() me: ActingUser, @Param('id') id: string): Promise<void> {
    return this.messages.markRead(me, id);
  }

  /** Mark a message, and everything before it in its conversation, as received. */
  @Post(':id/delivered')
  @HttpCode(204)
  @Problems(messageNotFound)
  markDelivered(@CurrentUser() me: ActingUser, @Param('id') id: string): Promise<void> {
    return this.messages.markDelivered(me, id);
  }

  /** See who has received and read a message that the caller sent. */
  @Get(':id/receipts')
  @Problems(messageNotFound)
  listReceipts(
    @CurrentUser() me: ActingUser,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<ReceiptPage> {
    return this.messages.listReceipts(me, id, query);
  }
}
