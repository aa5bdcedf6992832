# With the PostgreSQL of DATABASE_URL (and then JWT_SECRET):
#   docker run -p 3000:3000 -e DATABASE_URL=postgres://… -e JWT_SECRET=… parley
# or with its own, kept in a volume that one container uses at a time:
#   docker run -p 3000:3000 -v parley-data:/data parley

FROM node:20-bookworm-slim AS build
WORKDIR /parley
COPY package.json package-lock.json ./
COPY sdk/package.json sdk/
RUN npm ci
COPY tsconfig.json tsconfig.build.json nest-cli.json ormconfig.ts openapi.json ./
COPY migrations migrations
COPY src src
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /parley
COPY --from=build /parley/node_modules node_modules
COPY --from=build /parley/dist dist
COPY package.json openapi.json ./
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
