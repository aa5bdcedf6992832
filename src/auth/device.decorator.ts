import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

interface WithUserAgent {
  readonly headers: { readonly 'user-agent'?: string };
}

/** The client's `User-Agent`, or an empty string. Not `@Headers`, which would make it a parameter of the operation. */
export const Device = createParamDecorator(
  (_: unknown, context: ExecutionContext): string =>
    context.switchToHttp().getRequest<WithUserAgent>().headers['user-agent'] ?? '',
);
