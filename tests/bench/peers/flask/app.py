"""The contract's part that the benchmark loads, as one would write it with Flask: Flask-SQLAlchemy,
and Flask-Caching in Redis. A write deletes from the cache what it makes wrong."""

import os

from flask import Flask, Response, jsonify, request
from flask_caching import Cache
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import FetchedValue
from sqlalchemy.dialects.postgresql import UUID

RECORD_LIFETIME = 3600
LIST_LIFETIME = 300
LISTS = "products"  # a dictionary: limit -> JSON

app = Flask(__name__)
# The address of PostgreSQL is in libpq's environment variables.
app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg2://"
app.config["CACHE_TYPE"] = "RedisCache"
app.config["CACHE_REDIS_URL"] = "unix://" + os.environ["REDIS_SOCKET"]
app.config["CACHE_KEY_PREFIX"] = "flask:"
app.config["CACHE_DEFAULT_TIMEOUT"] = LIST_LIFETIME

db = SQLAlchemy(app)
cache = Cache(app)


class Product(db.Model):
    __tablename__ = "products"
    id = db.Column(UUID, primary_key=True, server_default=FetchedValue())
    name = db.Column(db.Text, nullable=False)
    description = db.Column(db.Text)
    price = db.Column(db.Float, nullable=False)
    stock_quantity = db.Column(db.Integer, nullable=False)


class Employee(db.Model):
    __tablename__ = "employees"
    id = db.Column(db.BigInteger, primary_key=True)
    name = db.Column(db.Text, nullable=False)
    salary = db.Column(db.Float, nullable=False)
    department = db.Column(db.Text, nullable=False)
    employee_id = db.Column(db.Text)


WRITABLE = ("name", "description", "price", "stock_quantity")


def to_dict(record):
    return {column.name: getattr(record, column.name) for column in record.__table__.columns}


def answer(body, is_hit):
    headers = {"X-Cache": "HIT" if is_hit else "MISS"}
    return Response(body, mimetype="application/json", headers=headers)


def product_key(number):
    return f"product:{number}"


@app.get("/products/<uuid:number>")
def get_product(number):
    body = cache.get(product_key(number))
    if body is not None:
        return answer(body, True)
    body = jsonify(to_dict(db.get_or_404(Product, str(number)))).data
    cache.set(product_key(number), body, timeout=RECORD_LIFETIME)
    return answer(body, False)


@app.put("/products/<uuid:number>")
def update_product(number):
    product = db.get_or_404(Product, str(number))
    for name in WRITABLE:
        if name in request.json:
            setattr(product, name, request.json[name])
    db.session.commit()
    cache.delete_many(product_key(number), LISTS)
    return jsonify(to_dict(product))


@app.post("/products")
def create_product():
    product = Product(**{name: request.json.get(name) for name in WRITABLE})
    db.session.add(product)
    db.session.commit()
    cache.delete(LISTS)
    return jsonify(to_dict(product)), 201


@app.get("/products")
def list_products():
    limit = int(request.args["limit"])
    lists = cache.get(LISTS) or {}
    if limit in lists:
        return answer(lists[limit], True)
    products = Product.query.order_by(Product.id).limit(limit)
    lists[limit] = jsonify([to_dict(product) for product in products]).data
    cache.set(LISTS, lists)
    return answer(lists[limit], False)


@app.get("/employees/high-salary")
@cache.cached(key_prefix="high_salary")
def high_salary():
    employees = Employee.query.filter(Employee.salary > 100000).order_by(Employee.id)
    return jsonify([to_dict(employee) for employee in employees])
