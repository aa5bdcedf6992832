// The way of the tutorials: Nest on Express, a ValidationPipe, repository.save(). A send is validated, stored durably
// and answered 201. It does not ask who sends or whether they may; messages have no order of their own.
import 'reflect-metadata';
import type { Server } from 'node:http';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource, Repository } from 'typeorm';
import { listen } from '../listen.js';
import { MessageEntity } from './message.entity.js';
import { MessagesController } from './messages.controller.js';
import { MessagesService } from './messages.service.js';

const dataSource = new DataSource({
  type: 'postgres',
  url: process.env.DATABASE_URL,
  entities: [MessageEntity],
  synchronize: true,
});
await dataSource.initialize();

@Module({
  controllers: [MessagesController],
  providers: [MessagesService, { provide: Repository, useValue: dataSource.getRepository(MessageEntity) }],
})
class TutorialModule {}

const app = await NestFactory.create(TutorialModule, { logger: false });
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
await app.init();
listen(app.getHttpServer() as Server);
