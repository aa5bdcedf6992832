/**
 * The arrows of ARCHITECTURE.md. `npm run arrows` checks them, and that each of them fails where test/fixtures/arrows
 * breaks it.
 */
const root = process.env.ARROWS_ROOT ?? 'src';

/** What each module may import, beside itself. */
const database = ['database', 'events', 'config', 'common'];
const users = ['users', 'http', ...database];
const conversations = ['conversations', 'blocks', ...users];
const ARROWS = {
  common: [],
  config: ['common'],
  events: ['config', 'common'],
  database: ['events', 'config', 'common'],
  postgres: ['config', 'common'],
  http: ['database', 'common'],
  users: ['http', ...database],
  auth: users,
  blocks: users,
  conversations: users,
  groups: conversations,
  messages: conversations,
  feeds: ['messages', ...conversations],
  inbox: ['feeds', 'messages', ...conversations],
  accounts: ['groups', 'auth', ...conversations],
  live: ['inbox', 'feeds', 'messages', 'auth', ...conversations],
  health: ['http', ...database],
  openapi: ['common', 'config'],
  server: ['openapi', 'http', ...database],
};

/** Files that stand above the modules and put them together. */
const TOP = '(app\\.module|schema|main|server/create-app|openapi/generate)\\.ts$';

const arrows = Object.entries(ARROWS).map(([module, below]) => ({
  name: `${module}-imports-only-what-is-below-it`,
  severity: 'error',
  from: { path: `^${root}/${module}/`, pathNot: `\\.spec\\.ts$|^${root}/${TOP}` },
  to: { path: `^${root}/`, pathNot: `^${root}/(${[module, ...below].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'no-cycles',
      comment: 'Types that know each other count too: neither could be read, or moved, without the other.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'every-module-has-its-arrows',
      comment: 'A new folder is added to ARROWS first.',
      severity: 'error',
      from: { path: `^${root}/`, pathNot: `^${root}/((${Object.keys(ARROWS).join('|')})/|${TOP})` },
      to: {},
    },
    {
      name: 'sql-only-in-repositories',
      comment: 'TypeORM and pg are for repositories, entities and the database module.',
      severity: 'error',
      from: {
        path: `^${root}/`,
        pathNot: `\\.(repository|entity|spec)\\.ts$|^${root}/(database|postgres)/|^${root}/events/postgres`,
      },
      to: { path: 'node_modules/(typeorm|pg)/' },
    },
    {
      name: 'controllers-speak-to-services',
      severity: 'error',
      from: { path: '\\.controller\\.ts$' },
      to: { path: '\\.(repository|entity)\\.ts$' },
    },
    {
      name: 'repositories-are-the-bottom',
      severity: 'error',
      from: { path: '\\.repository\\.ts$' },
      to: { path: '\\.(service|controller|module)\\.ts$' },
    },
    {
      name: 'modules-meet-at-services',
      comment: "Nobody imports another module's repository or controller.",
      severity: 'error',
      from: { path: `^${root}/([^/]+)/` },
      to: { path: `^${root}/([^/]+)/.+\\.(repository|controller)\\.ts$`, pathNot: `^${root}/$1/` },
    },
    {
      name: 'one-place-knows-the-engine',
      severity: 'error',
      from: { path: `^${root}/`, pathNot: `^${root}/server/express\\.ts$` },
      to: { path: 'node_modules/(express|@nestjs/platform-express)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
};
