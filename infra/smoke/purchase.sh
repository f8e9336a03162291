#!/usr/bin/env bash
# Makes a whole purchase through the front door, with the Stripe simulator's card: two people sign up, one lists a
# ticket, the other holds it and pays, and a third is refused.
#
#   infra/smoke/purchase.sh <base-url> [<address of the simulator>]
#
# Without the second argument the simulator is where payments sends browsers. It needs curl and jq.
set -euo pipefail

readonly patience=60 # seconds for what happens by itself

main() {
  [ $# -ge 1 ] || fail "say where the marketplace is, such as: $0 http://127.0.0.1:3000"
  local base="${1%/}" simulator="${2:-}" price='{"amount":2500,"currency":"USD"}' ticket order payment
  jars=$(mktemp -d)
  trap 'rm -rf "$jars"' EXIT

  page "$base/"
  sign_up "$base" seller
  sign_up "$base" buyer
  sign_up "$base" late
  ticket=$(call 201 seller POST "$base/api/tickets" "{\"title\":\"Smoke test\",\"price\":$price}" | jq -r .id)
  page "$base/tickets/$ticket"
  # The ticket's copy in orders comes by the bus.
  local wanted="{\"ticketId\":\"$ticket\",\"price\":$price}"
  order=$(eventually 201 buyer POST "$base/api/orders" "$wanted" | jq -r .id)
  comes_to awaiting-payment buyer "$base/api/orders/$order"
  call 409 late POST "$base/api/orders" "$wanted" > /dev/null
  payment=$(eventually 201 buyer POST "$base/api/payments" "{\"orderId\":\"$order\"}")
  confirm "$payment" "$simulator"
  comes_to complete buyer "$base/api/orders/$order"
  comes_to sold buyer "$base/api/tickets/$ticket"
  echo "smoke: ticket $ticket was sold by order $order on $base"
}

sign_up() { # base, who
  local name="smoke-$2-$RANDOM$RANDOM$RANDOM@example.com"
  # Nobody needs this password again: a new one each time.
  local password
  password="smoke $(head -c 18 /dev/urandom | base64)"
  eventually 201 "$2" POST "$1/api/users/signup" "$(jq -nc --arg e "$name" --arg p "$password" '{email:$e,password:$p}')" > /dev/null
}

confirm() { # payment, simulator
  local script secret key
  script=$(jq -r .stripeJs <<< "$1") secret=$(jq -r .clientSecret <<< "$1") key=$(jq -r .publishableKey <<< "$1")
  local simulator="${2:-${script%/stripe.js}}"
  case "$simulator" in
    *js.stripe.com*) fail "this marketplace takes cards at Stripe itself; a smoke purchase needs the simulator" ;;
  esac
  local answer
  answer=$(curl --silent --show-error --max-time 20 --user "$key:" \
    --data-urlencode "client_secret=$secret" --data 'payment_method_data[type]=card' \
    --data 'payment_method_data[card][number]=4242424242424242' --data 'payment_method_data[card][exp_month]=12' \
    --data 'payment_method_data[card][exp_year]=2034' --data 'payment_method_data[card][cvc]=123' \
    "${simulator%/}/v1/payment_intents/${secret%%_secret*}/confirm") || fail "the simulator on $simulator does not answer"
  [ "$(jq -r .status <<< "$answer")" = requires_capture ] || fail "the card was not taken: $answer"
}

# A page must be there for a browser.
page() {
  local status
  status=$(curl --silent --show-error --max-time 20 --output /dev/null --write-out '%{http_code}' "$1") || true
  [ "$status" = 200 ] || fail "GET $1 answered ${status:-nothing} instead of 200"
}

# Makes a request and prints its answer, whose status must be the one that is wanted.
call() { # status, who, method, url, [body]
  request "${@:2}" || fail "$3 $4 was not answered"
  [ "$status" = "$1" ] || fail "$3 $4 answered $status instead of $1: $answer"
  printf '%s' "$answer"
}

# The same, until it is so: another service may not have heard of it yet, or a replica may still be starting.
eventually() {
  local until=$((SECONDS + patience))
  until request "${@:2}" && [ "$status" = "$1" ]; do
    [ "$SECONDS" -lt "$until" ] || fail "$3 $4 answered ${status:-nothing} instead of $1 for $patience seconds: $answer"
    sleep 1
  done
  printf '%s' "$answer"
}

# Waits until what is behind an address has a status.
comes_to() { # status, who, url
  local until=$((SECONDS + patience)) seen
  while true; do
    request "$2" GET "$3" || true
    seen=$(jq -r '.status? // empty' <<< "$answer" 2> /dev/null || true)
    [ "$seen" != "$1" ] || return 0
    [ "$SECONDS" -lt "$until" ] || fail "$3 is '${seen:-not there}' and did not become '$1' in $patience seconds"
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
