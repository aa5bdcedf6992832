import { Get } from '@nestjs/common';
import { Public } from '../common/caller.js';
import { Problems } from '../common/problems.decorator.js';
import { unavailable } from '../common/problems.js';
import { ParleyController } from '../http/parley-controller.js';
import { Health } from './health.dto.js';
import { HealthService } from './health.service.js';

const OK: Health = { status: 'ok' };

@ParleyController('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** Whether the process answers: where it does not, start it anew. */
  @Get('live')
  @Public()
  checkLive(): Health {
    return OK;
  }

  /** Whether the server can do its work, the database included: where it cannot, send it no requests. */
  @Get('ready')
  @Public()
  @Problems(unavailable)
  async checkReady(): Promise<Health> {
    await this.health.assertReady();
    return OK;
  }
}
