#!/usr/bin/env bash
# Makes a purchase through the router with a test card: a seller lists a ticket, a buyer orders it and pays, and a third
# account is refused.
#
#   infra/smoke/purchase.sh <base-url> [<URL of the simulator>]
#
# The default simulator is the one that payments names to browsers. Requires curl and jq.
set -euo pipefail

readonly EFFECT_TIMEOUT=60 # seconds, for effects of events

main() {
  [ $# -ge 1 ] || fail "usage: $0 <base-url> [<URL of the simulator>]"
  local base="${1%/}" simulator="${2:-}" price='{"amount":2500,"currency":"USD"}' ticket order payment
  jars=$(mktemp -d)
  trap 'rm -rf "$jars"' EXIT

  page "$base/"
  sign_up "$base" seller
  sign_up "$base" buyer
  sign_up "$base" late
  ticket=$(call 201 seller POST "$base/api/tickets" "{\"title\":\"Smoke test\",\"price\":$price}" | jq -r .id)
  page "$base/tickets/$ticket"
  # The replica of the ticket in orders is updated by an event.
  local order_body="{\"ticketId\":\"$ticket\",\"price\":$price}"
  order=$(eventually 201 buyer POST "$base/api/orders" "$order_body" | jq -r .id)
  comes_to awaiting-payment buyer "$base/api/orders/$order"
  call 409 late POST "$base/api/orders" "$order_body" > /dev/null
  payment=$(eventually 201 buyer POST "$base/api/payments" "{\"orderId\":\"$order\"}")
  confirm "$payment" "$simulator"
  comes_to complete buyer "$base/api/orders/$order"
  comes_to sold buyer "$base/api/tickets/$ticket"
  echo "smoke: ticket $ticket was sold by order $order on $base"
}

sign_up() { # base, who
  local name="smoke-$2-$RANDOM$RANDOM$RANDOM@example.com"
  local password
  password="smoke $(head -c 18 /dev/urandom | base64)"
  eventually 201 "$2" POST "$1/api/users/signup" "$(jq -nc --arg e "$name" --arg p "$password" '{email:$e,password:$p}')" > /dev/null
}

confirm() { # payment, simulator
  local script secret key
  script=$(jq -r .stripeJs <<< "$1") secret=$(jq -r .clientSecret <<< "$1") key=$(jq -r .publishableKey <<< "$1")
  local simulator="${2:-${script%/stripe.js}}"
  case "$simulator" in
    *js.stripe.com*) fail "this marketplace uses Stripe; a smoke purchase needs the simulator" ;;
  esac
  local answer
  answer=$(curl --silent --show-error --max-time 20 --user "$key:" \
    --data-urlencode "client_secret=$secret" --data 'payment_method_data[type]=card' \
    --data 'payment_method_data[card][number]=4242424242424242' --data 'payment_method_data[card][exp_month]=12' \
    --data 'payment_method_data[card][exp_year]=2034' --data 'payment_method_data[card][cvc]=123' \
    "${simulator%/}/v1/payment_intents/${secret%%_secret*}/confirm") || fail "the simulator at $simulator is unavailable"
  [ "$(jq -r .status <<< "$answer")" = requires_capture ] || fail "the card was declined: $answer"
}

# Requires a page with status 200.
page() {
  local status
  status=$(curl --silent --show-error --max-time 20 --output /dev/null --write-out '%{http_code}' "$1") || true
  [ "$status" = 200 ] || fail "GET $1 answered ${status:-nothing} instead of 200"
}

# Makes a request with an expected status, and prints the response body.
call() { # status, who, method, url, [body]
  request "${@:2}" || fail "$3 $4 was not answered"
  [ "$status" = "$1" ] || fail "$3 $4 answered $status instead of $1: $answer"
  printf '%s' "$answer"
}

# Retries until the expected status: an event may not be processed yet, or a replica may still be starting.
eventually() {
  local until=$((SECONDS + EFFECT_TIMEOUT))
  until request "${@:2}" && [ "$status" = "$1" ]; do
    [ "$SECONDS" -lt "$until" ] || fail "$3 $4 answered ${status:-nothing} instead of $1 for $EFFECT_TIMEOUT seconds: $answer"
    sleep 1
  done
  printf '%s' "$answer"
}

# Waits until a resource has a status.
comes_to() { # status, who, url
  local until=$((SECONDS + EFFECT_TIMEOUT)) seen
  while true; do
    request "$2" GET "$3" || true
    seen=$(jq -r '.status? // empty' <<< "$answer" 2> /dev/null || true)
    [ "$seen" != "$1" ] || return 0
    [ "$SECONDS" -lt "$until" ] || fail "$3 is '${seen:-unavailable}' and did not become '$1' in $EFFECT_TIMEOUT seconds"
    sleep 0.5
  done
}

request() { # who, method, url, [body]
  local text
  text=$(curl --silent --show-error --max-time 20 --cookie "$jars/$1" --cookie-jar "$jars/$1" --request "$2" \
    ${4:+--header 'content-type: application/json' --data "$4"} --write-out '\n%{http_code}' "$3") || { status='' answer=''; return 1; }
  status=${text##*$'\n'} answer=${text%$'\n'*}
}

fail() {
  echo "smoke: $*" >&2
  exit 1
}

main "$@"
