import { Body, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { AppOnly } from '../common/caller.js';
import { PageQuery } from '../common/paging.dto.js';
import { apiKeyNotFound } from '../common/problems.js';
import { Problems } from '../common/problems.decorator.js';
import { Created } from '../http/answer.decorator.js';
import { ParleyController } from '../http/parley-controller.js';
import { ApiKeyPage, CreateApiKey, CreatedApiKey } from './api-keys.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@ParleyController('api-keys')
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
  @Created(({ id }: CreatedApiKey) => `/api-keys/${id}`)
  createApiKey(@Body() wanted: CreateApiKey): Promise<CreatedApiKey> {
    return this.apiKeys.create(wanted);
  }

  /** Revoke a key: it is refused from now on. */
  @Delete(':id')
  @HttpCode(204)
  @Problems(apiKeyNotFound)
  revokeApiKey(@Param('id') id: string): Promise<void> {
    return this.apiKeys.revoke(id);
  }
}
