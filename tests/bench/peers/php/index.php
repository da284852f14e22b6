<?php
// The contract's part that the benchmark loads, as one would write it for PHP-FPM: PDO and phpredis
// with persistent connections. Records and lists are cached aside in Redis; a write deletes what it
// makes wrong.
declare(strict_types=1);

const RECORD_LIFETIME = 3600;
const LIST_LIFETIME = 300;
const PRODUCT = 'id, name, description, price, stock_quantity';

final class HttpError extends Exception
{
}

function cache(): Redis
{
    static $redis = null;
    if ($redis === null) {
        $redis = new Redis();
        $redis->pconnect(getenv('REDIS_SOCKET'));
    }
    return $redis;
}

/** The address of PostgreSQL is in libpq's environment variables. */
function rows(string $sql, array $values = []): array
{
    static $pdo = null;
    $pdo ??= new PDO('pgsql:', null, null, [
        PDO::ATTR_PERSISTENT => true,
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
        PDO::PGSQL_ATTR_DISABLE_PREPARES => true, // a prepared one would not outlive the request
    ]);
    $statement = $pdo->prepare($sql);
    $statement->execute($values);
    return $statement->fetchAll();
}

/** PDO gives decimals as text. */
function decimal(string $field): callable
{
    return function (array $row) use ($field): array {
        $row[$field] = (float) $row[$field];
        return $row;
    };
}

function encode(mixed $value): string
{
    return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
}

function input(): array
{
    return json_decode(file_get_contents('php://input'), true, 32, JSON_THROW_ON_ERROR);
}

function first(array $rows): array
{
    return $rows[0] ?? throw new HttpError('not found', 404);
}

function readProduct(string $id): string
{
    $key = "php:product:$id";
    $body = cache()->get($key);
    header('X-Cache: ' . ($body === false ? 'MISS' : 'HIT'));
    if ($body === false) {
        $row = first(rows('SELECT ' . PRODUCT . ' FROM products WHERE id = ?', [$id]));
        $body = encode(decimal('price')($row));
        cache()->setex($key, RECORD_LIFETIME, $body);
    }
    return $body;
}

function updateProduct(string $id): string
{
    $in = input();
    $row = first(rows(
        'UPDATE products SET name = coalesce(?, name), description = coalesce(?, description),
         price = coalesce(?, price), stock_quantity = coalesce(?, stock_quantity)
         WHERE id = ? RETURNING ' . PRODUCT,
        [
            $in['name'] ?? null, $in['description'] ?? null, $in['price'] ?? null,
            $in['stock_quantity'] ?? null, $id,
        ]
    ));
    cache()->del("php:product:$id", 'php:products');
    return encode(decimal('price')($row));
}

function createProduct(): string
{
    $in = input();
    if (!isset($in['name'], $in['price'], $in['stock_quantity'])) {
        throw new HttpError('a required field is missing', 422);
    }
    $row = first(rows(
        'INSERT INTO products (name, description, price, stock_quantity) VALUES (?, ?, ?, ?)
         RETURNING ' . PRODUCT,
        [$in['name'], $in['description'] ?? null, $in['price'], $in['stock_quantity']]
    ));
    cache()->del('php:products');
    http_response_code(201);
    return encode(decimal('price')($row));
}

/** A list is a field of a Redis hash, which holds it for every limit. */
function cachedList(string $key, string $field, string $decimal, string $sql): string
{
    $body = cache()->hGet($key, $field);
    header('X-Cache: ' . ($body === false ? 'MISS' : 'HIT'));
    if ($body === false) {
        $body = encode(array_map(decimal($decimal), rows($sql)));
        cache()->hSet($key, $field, $body);
        cache()->expire($key, LIST_LIFETIME);
    }
    return $body;
}

function listProducts(): string
{
    $limit = (int) ($_GET['limit'] ?? throw new HttpError('limit is missing', 422));
    $sql = 'SELECT ' . PRODUCT . " FROM products ORDER BY id LIMIT $limit";
    return cachedList('php:products', (string) $limit, 'price', $sql);
}

function highSalary(): string
{
    return cachedList(
        'php:high-salary',
        'all',
        'salary',
        'SELECT id, name, salary, department, employee_id FROM employees
         WHERE salary > 100000 ORDER BY id'
    );
}

function answer(string $method, string $path): string
{
    if (preg_match('~^/products/([0-9a-f-]{36})$~', $path, $match)) {
        return match ($method) {
            'GET' => readProduct($match[1]),
            'PUT' => updateProduct($match[1]),
            default => throw new HttpError('method not allowed', 405),
        };
    }
    return match ("$method $path") {
        'GET /products' => listProducts(),
        'POST /products' => createProduct(),
        'GET /employees/high-salary' => highSalary(),
        default => throw new HttpError('not found', 404),
    };
}

try {
    $body = answer($_SERVER['REQUEST_METHOD'], $_SERVER['DOCUMENT_URI']);
} catch (HttpError $error) {
    http_response_code($error->getCode());
    $body = encode(['detail' => $error->getMessage()]);
}
header('Content-Type: application/json');
header('Content-Length: ' . strlen($body));
echo $body;
