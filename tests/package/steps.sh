# shellcheck shell=bash
# What the scripts share that run inside a machine.

URL=http://127.0.0.1:8080

run_steps() {
    local step
    for step in "$@"; do
        printf '\n=== %s\n' "$step"
        "$step"
    done
}

record() {
    if [[ $1 != passed && -d /run/systemd/system ]]; then
        journalctl -q --no-pager -n 60 -u 'larder*' -u nginx || true
    fi
    echo "$1" >result
}

expect() {
    "$@" || { printf 'expected: %s\n' "$*"; return 1; }
}

fails() {
    ! "$@"
}

runs() {
    pgrep -x "$1" >/dev/null
}

body() {
    curl -sS -m 30 "$URL$1"
}

# header PATH NAME [CURL OPTION...]
header() {
    curl -sS -m 30 -o /dev/null -D - "${@:3}" "$URL$1" | tr -d '\r' | sed -n "s/^$2: //Ip"
}

eventually() {
    local tries=150
    until "$@"; do
        ((tries-- > 0)) || { printf 'never came: %s\n' "$*"; return 1; }
        sleep 0.2
    done
}

# Leaves what it prints in apt.log.
apt_get() {
    apt-get "$1" -q -y -o Dpkg::Use-Pty=0 "$2" >apt.log 2>&1 || { cat apt.log; return 1; }
}

# cached PATH [CURL OPTION...]
cached() {
    [[ $(header "$1" X-Cache "${@:2}") == HIT ]]
}

follows() {
    [[ $(body /health) == *'"feed": "connected"'* ]]
}

first_product() {
    body '/products?limit=1' | grep -oE '"id" ?: ?"[0-9a-f-]{36}"' | grep -oE '[0-9a-f-]{36}'
}

# Reads and writes until there is a file named "enough"; whatever is not 2xx goes to load.failed.
load() {
    local product path
    : >load.failed
    : >load.count
    product=/products/$(first_product)
    while [[ ! -e enough ]]; do
        for path in /products "$product" /employees/high-salary; do
            ask GET "$path"
        done
        ask PUT "$product" '{"stock_quantity": 7}'
        ask PUT "$product" '{"price": 24.99}'
        ask POST /items '{"a": 1}'
        echo >>load.count
    done
}

# ask METHOD PATH [BODY]
ask() {
    local status body=()
    (($# < 3)) || body=(-H 'Content-Type: application/json' -d "$3")
    status=$(curl -s -m 60 -o /dev/null -w '%{http_code}' -X "$1" "${body[@]}" "$URL$2" || true)
    [[ $status == 2* ]] || printf '%s %s: %s\n' "$1" "$2" "$status" >>load.failed
}

# under_load COMMAND...: with no failed request.
under_load() {
    local pid
    rm -f enough
    load &
    pid=$!
    eventually test -s load.count
    "$@"
    touch enough
    wait "$pid"
    printf '%s rounds of requests meanwhile\n' "$(wc -l <load.count)"
    cat load.failed
    expect [ ! -s load.failed ]
}

in_database() {
    (cd / && runuser -u postgres -- psql -XAtqd larder -c "$1")
}

# README.md, "Records of your own", as it is written there; no compiler is there.
describes_records() {
    local name
    for name in customers invoices; do
        awk -v name="$name" '$0 ~ "`" name ".toml`:$" { wanted = 1 }
            /^```toml$/ && wanted { inside = 1; next }
            /^```$/ && inside { exit }
            inside' README.md >"/etc/larder/resources/$name.toml"
        expect test -s "/etc/larder/resources/$name.toml"
    done
    expect fails command -v c++
    expect [ "$(larder plan >plan.txt; echo $?)" = 2 ]
    expect grep 'CREATE TABLE .*invoices' plan.txt
    under_load larder apply
    expect larder plan
    CUSTOMER=$(post_record /customers '{"email": "ada@example.org", "name": "Ada", "country": "FR"}' |
        grep -oE '[0-9a-f-]{36}')
    post_record /invoices "{\"number\": \"1\", \"customer\": \"$CUSTOMER\", \"state\": \"sent\",
        \"issued\": \"2026-09-01\", \"total\": 24.90}"
    expect grep '"total":24.90' <<<"$(body /invoices/overdue)"
    expect [ "$(curl -s -o /dev/null -w '%{http_code}' -X DELETE "$URL/customers/$CUSTOMER")" = 409 ]
    eventually cached "/customers/$CUSTOMER"
    eventually cached /invoices/overdue
}

post_record() {
    curl -sSf -m 30 -X POST -H 'Content-Type: application/json' -d "$2" "$URL$1"
}

# docs/bulk.md, as an operator who fills a table, and takes it to a spreadsheet.
imports_and_exports() {
    {
        echo 'name,price,stock_quantity'
        seq 5000 | sed 's/.*/Imported &,&.50,3/'
    } >stock.csv
    under_load larder import products stock.csv
    expect [ "$(in_database "SELECT count(*) FROM products WHERE name LIKE 'Imported %'")" = 5000 ]
    expect [ "$(body /products | grep -o '"Imported ' | wc -l)" = 5000 ]
    under_load larder export products --output products.csv
    expect [ "$(grep -c '"\?Imported [0-9]' products.csv)" = 5000 ]
    larder import products products.csv --on-conflict skip --all >import.txt 2>&1
    cat import.txt
    expect [ "$(in_database 'SELECT count(*) FROM products')" = "$(($(wc -l <products.csv) - 1))" ]
}

# docs/backup.md.
backs_up() {
    under_load larder backup /root/larder.backup
    expect [ "$(stat -c %a larder.backup)" = 600 ]
    all_rows >rows.before
}

# Over what has changed since.
restores() {
    curl -sSf -m 30 -X DELETE "$URL/products/$(first_product)"
    larder import products stock.csv
    larder token create --name later --role reader >secret
    larder restore /root/larder.backup --replace larder
    all_rows >rows.after
    expect cmp rows.before rows.after
    expect [ "$(body /products | grep -o '"Imported ' | wc -l)" = 5000 ]
    eventually cached /products
    eventually follows
    larder check | tee check.txt
    expect fails grep '^problem' check.txt
    in_database "DELETE FROM products WHERE name LIKE 'Imported %'"
    eventually has_products 8
}

has_products() {
    [[ $(body /products | grep -o '"id"' | wc -l) == "$1" ]]
}

# status PATH [CURL OPTION...]
status() {
    curl -s -m 30 -o /dev/null -w '%{http_code}' "${@:2}" "$URL$1"
}

# docs/access.md; at its end everybody may do everything again.
asks_for_tokens() {
    larder token create --name ci --role admin >secret
    echo 'AUTH=on' >>/etc/larder/larder.env
    larder apply
    expect [ "$(status /products)" = 401 ]
    expect [ "$(status /products -H "Authorization: Bearer $(<secret)")" = 200 ]
    eventually cached /products -H "Authorization: Bearer $(<secret)"
    larder token revoke ci
    expect [ "$(status /products -H "Authorization: Bearer $(<secret)")" = 401 ]
    larder check | tee check.txt
    expect fails grep '^problem' check.txt
    sed -i '/^AUTH=on/d' /etc/larder/larder.env
    larder apply
    larder token create --name kept --role reader >secret
    expect [ "$(status /products)" = 200 ]
}

# Each record, and what stands for its tokens.
all_rows() {
    in_database "SELECT * FROM products ORDER BY id; SELECT * FROM customers ORDER BY id;
        SELECT * FROM invoices ORDER BY id; SELECT name, roles, expires FROM larder.tokens ORDER BY name"
}

answers_welcome() {
    [[ $(body / 2>/dev/null) == 'Good morning' ]]
}
