// The contract's part that the benchmark loads, as one would write it for Fastify: a cluster of one
// process a core, pg's pool with named statements, ioredis with automatic pipelining. Records and
// lists are cached aside in Redis; a write deletes what it makes wrong.
import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import fastify from "fastify";
import Redis from "ioredis";
import pg from "pg";

const POOL_SIZE = 16;
const RECORD_LIFETIME = 3600;
const LIST_LIFETIME = 300;
const FIELDS = "id, name, description, price, stock_quantity";

const input = {
  type: "object",
  properties: {
    name: { type: "string" },
    description: { type: ["string", "null"] },
    price: { type: "number" },
    stock_quantity: { type: "integer" },
  },
};
const output = {
  type: "object",
  properties: { id: { type: "string" }, ...input.properties },
};
const params = { type: "object", properties: { id: { type: "string", format: "uuid" } } };
const query = {
  type: "object",
  required: ["limit"],
  properties: { limit: { type: "integer", minimum: 1 } },
};

function makeApp() {
  const processes = availableParallelism();
  const db = new pg.Pool({ max: Math.ceil(POOL_SIZE / processes) });
  const cache = new Redis(process.env.REDIS_SOCKET, { enableAutoPipelining: true });
  const app = fastify();

  async function rows(name, text, values) {
    return (await db.query({ name, text, values })).rows;
  }

  function send(reply, state, body) {
    return reply.header("x-cache", state).type("application/json; charset=utf-8").send(body);
  }

  function notFound(reply) {
    return reply.code(404).send({ detail: "not found" });
  }

  // A list is a field of a Redis hash, which holds it for every limit.
  async function sendList(reply, key, field, load) {
    const known = await cache.hget(key, field);
    if (known !== null) return send(reply, "HIT", known);
    const body = JSON.stringify(await load());
    await Promise.all([cache.hset(key, field, body), cache.expire(key, LIST_LIFETIME)]);
    return send(reply, "MISS", body);
  }

  app.get("/products/:id", { schema: { params } }, async (request, reply) => {
    const { id } = request.params;
    const key = `fastify:product:${id}`;
    const known = await cache.get(key);
    if (known !== null) return send(reply, "HIT", known);
    const [found] = await rows("read", `SELECT ${FIELDS} FROM products WHERE id = $1`, [id]);
    if (!found) return notFound(reply);
    const body = JSON.stringify(found);
    await cache.set(key, body, "EX", RECORD_LIFETIME);
    return send(reply, "MISS", body);
  });

  app.put(
    "/products/:id",
    { schema: { params, body: input, response: { 200: output } } },
    async (request, reply) => {
      const { id } = request.params;
      const { name, description, price, stock_quantity } = request.body;
      const [changed] = await rows(
        "update",
        `UPDATE products SET name = coalesce($2, name), description = coalesce($3, description),
         price = coalesce($4, price), stock_quantity = coalesce($5, stock_quantity)
         WHERE id = $1 RETURNING ${FIELDS}`,
        [id, name, description, price, stock_quantity],
      );
      if (!changed) return notFound(reply);
      await cache.del(`fastify:product:${id}`, "fastify:products");
      return changed;
    },
  );

  app.post(
    "/products",
    {
      schema: {
        body: { ...input, required: ["name", "price", "stock_quantity"] },
        response: { 201: output },
      },
    },
    async (request, reply) => {
      const { name, description, price, stock_quantity } = request.body;
      const [created] = await rows(
        "create",
        `INSERT INTO products (name, description, price, stock_quantity)
         VALUES ($1, $2, $3, $4) RETURNING ${FIELDS}`,
        [name, description, price, stock_quantity],
      );
      await cache.del("fastify:products");
      return reply.code(201).send(created);
    },
  );

  app.get("/products", { schema: { querystring: query } }, (request, reply) => {
    const { limit } = request.query;
    return sendList(reply, "fastify:products", String(limit), () =>
      rows("list", `SELECT ${FIELDS} FROM products ORDER BY id LIMIT $1`, [limit]),
    );
  });

  app.get("/employees/high-salary", (request, reply) =>
    sendList(reply, "fastify:high-salary", "all", () =>
      rows(
        "high-salary",
        `SELECT id, name, salary, department, employee_id FROM employees
         WHERE salary > 100000 ORDER BY id`,
      ),
    ),
  );

  return app;
}

if (cluster.isPrimary) {
  for (let i = 0; i < availableParallelism(); i++) cluster.fork();
  cluster.on("exit", () => process.exit(1));
} else {
  pg.types.setTypeParser(pg.types.builtins.NUMERIC, Number);
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const listen = process.env.LISTEN;
  await makeApp().listen(
    listen.includes("/") ? { path: listen } : { host: "127.0.0.1", port: Number(listen) },
  );
}
