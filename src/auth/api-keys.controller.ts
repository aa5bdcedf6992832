import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { AppOnly, type Reply } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { apiKeyNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { ApiKeyPage, CreateApiKey, CreatedApiKey } from './api-keys.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@Controller('api-keys')
@AppOnly('admin')
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  /** List the keys of applications, newest first; never the keys themselves. */
  @Get()
  listApiKeys(@Query() query: PageQuery): Promise<ApiKeyPage> {
    return this.apiKeys.list(query);
  }

  /** Make a key. The answer alone shows it. */
  @Post()
  async createApiKey(@Body() wanted: CreateApiKey, @Res({ passthrough: true }) reply: Reply): Promise<CreatedApiKey> {
    const created = await this.apiKeys.create(wanted);
    reply.header('Location', `/v1/api-keys/${created.id}`);
    return created;
  }

  /** Revoke a key: it is refused from now on. */
  @Delete(':id')
  @HttpCode(204)
  @Problems(apiKeyNotFound)
  revokeApiKey(@Param('id') id: string): Promise<void> {
    return this.apiKeys.revoke(id);
  }
}
