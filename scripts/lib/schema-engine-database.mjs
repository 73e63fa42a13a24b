/** The database side of scripts/schema-engine.mjs: connections, and a driver adapter the schema engine can read catalogs with. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';

const OID_CHAR = 18; // the catalog's one-byte "char"
const OID_UUID = 2950;
/** Connection parameters that are Prisma's own, not the driver's. */
const PRISMA_PARAMETERS = ['schema', 'connection_limit', 'pool_timeout', 'pgbouncer', 'connect_timeout'];

const identifier = (name) => `"${name.replaceAll('"', '""')}"`;
export const databaseName = (url) => decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';

function driverUrl(url, database) {
  const copy = new URL(url);
  for (const name of PRISMA_PARAMETERS) copy.searchParams.delete(name);
  if (database !== undefined) copy.pathname = `/${encodeURIComponent(database)}`;
  return copy.toString();
}

async function query(url, sql, database) {
  const client = new pg.Client({ connectionString: driverUrl(url, database), connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

export const probe = (url) => query(url, 'select 1');
export const dropDatabase = (url) => query(url, `drop database if exists ${identifier(databaseName(url))} with (force)`, 'postgres');
export async function createDatabase(url) {
  await query(url, `create database ${identifier(databaseName(url))}`, 'postgres');
  return databaseName(url);
}

/**
 * adapter-pg cannot decode the catalog's "char". Passed through it as uuid (which no catalog query returns) and named
 * Character again in the answer, as the engine expects.
 */
function relabel(result) {
  for (const one of [result].flat()) for (const field of one?.fields ?? []) if (field.dataTypeID === OID_CHAR) field.dataTypeID = OID_UUID;
  return result;
}
const relabelling = (Base) => class extends Base {
  query(...args) {
    const result = super.query(...args);
    return typeof result?.then === 'function' ? result.then(relabel) : result;
  }
};
const Client = relabelling(pg.Client);
const Pool = relabelling(pg.Pool);

/** Adapts one connection: column types as above; scripts sent whole, since splitting at ";" breaks functions and literals. */
function adapt(connection) {
  const queryRaw = connection.queryRaw.bind(connection);
  connection.queryRaw = async (request) => {
    const answer = await queryRaw(request);
    return { ...answer, columnTypes: answer.columnTypes.map((type) => (type === ColumnTypeEnum.Uuid ? ColumnTypeEnum.Character : type)) };
  };
  if (connection.executeScript) {
    connection.executeScript = async (script) => {
      try {
        await connection.underlyingDriver().query(script);
      } catch (error) {
        connection.onError(error);
      }
    };
  }
  if (connection.startTransaction) {
    const startTransaction = connection.startTransaction.bind(connection);
    connection.startTransaction = async (level) => adapt(await startTransaction(level));
  }
  return connection;
}

/** A driver adapter factory for `{ url, shadowDatabaseUrl? }` that can also make and drop a shadow database. */
export async function adapterFactory(datasource) {
  const { url, shadowDatabaseUrl } = datasource;
  const options = { schema: new URL(url).searchParams.get('schema') ?? 'public', disposeExternalPool: true };
  const connectTo = (target, database) => new PrismaPg(new Pool({ connectionString: driverUrl(target, database), max: 2, Client }), options);

  const factory = connectTo(url);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => adapt(await connect());
  factory.connectToShadowDb = async () => {
    if (shadowDatabaseUrl) return adapt(await connectTo(shadowDatabaseUrl).connect());
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    await query(url, `create database ${identifier(name)}`);
    const shadow = adapt(await connectTo(url, name).connect());
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await query(url, `drop database if exists ${identifier(name)} with (force)`);
    };
    return shadow;
  };
  return factory;
}
