#!/usr/bin/env bash
# Plays an Apple device with curl and openssl alone: profile, certificate over SCEP, signed messages.
#
#   docs/enroll-by-hand.sh LINK [SERIAL] [UDID]
#
# LINK is an enrolment link of Muster. Leaves its files in ./by-hand and says what it did.
# With CURL="curl --cacert …" a server with a certificate of one's own can be tried.
set -euo pipefail

link=${1:?an enrolment link is needed, as `muster enroll-links create` prints it}
serial=${2:-C02BYHAND001}
udid=${3:-0A1B2C3D-1111-4222-8333-444455556666}
curl=${CURL:-curl}
mkdir -p by-hand
cd by-hand

say() { printf '%s\n' "$*" >&2; }

# The text after a key of a property list.
value_of() { tr -d '\n' <profile.mobileconfig | sed -n "s:.*<key>$1</key>[[:space:]]*<string>\([^<]*\)<.*:\1:p"; }

# 1. The profile says where to get a certificate, with which password, and where to check in.
$curl -fsS -H 'Accept: application/x-apple-aspen-config' "$link" -o profile.mobileconfig
scep=$(value_of URL) challenge=$(value_of Challenge) server=$(value_of ServerURL) topic=$(value_of Topic)
say "profile: certificates at $scep, check-in at $server"

# 2. A key, a request that carries the password, and a throw-away certificate to sign the request with.
cat >csr.conf <<CONF
[req]
prompt = no
distinguished_name = name
attributes = attributes
[name]
CN = by hand
[attributes]
challengePassword = $challenge
CONF
openssl genrsa -out device.key 2048 2>/dev/null
openssl req -new -key device.key -config csr.conf -outform DER -out csr.der
openssl req -x509 -new -key device.key -subj '/CN=by hand' -days 1 -out throw-away.pem 2>/dev/null
openssl x509 -in throw-away.pem -outform DER -out throw-away.der
$curl -fsS "$scep?operation=GetCACert" -o ca.der
openssl x509 -inform DER -in ca.der -out ca.pem
openssl cms -encrypt -binary -aes-128-cbc -in csr.der -outform DER -out envelope.der ca.pem

# 3. SCEP wants attributes that `openssl cms` cannot sign, so the message is put together here: a tag, a length
#    and a content at a time.
hex() { od -An -v -tx1 "$@" | tr -d ' \n'; }
bytes() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }
element() { # TAG HEX…: one DER element, as hexadecimal digits
  local tag=$1 content length
  shift
  content=$(printf '%s' "$@")
  length=$((${#content} / 2))
  if ((length < 128)); then printf '%s%02x%s' "$tag" "$length" "$content"
  elif ((length < 256)); then printf '%s81%02x%s' "$tag" "$length" "$content"
  else printf '%s82%04x%s' "$tag" "$length" "$content"; fi
}
oid() { # DOTTED
  openssl asn1parse -genstr "OID:$1" -noout -out oid.der
  hex oid.der
}
attribute() { element 30 "$(oid "$1")" "$(element 31 "$2")"; }
text() { element 13 "$(printf '%s' "$1" | hex)"; }

data=$(oid 1.2.840.113549.1.7.1)
signed_data=$(oid 1.2.840.113549.1.7.2)
sha256=$(element 30 "$(oid 2.16.840.1.101.3.4.2.1)")
rsa=$(element 30 "$(oid 1.2.840.113549.1.1.1)" 0500)
digest=$(openssl dgst -sha256 -binary envelope.der | hex)
transaction=$(openssl dgst -sha256 -r csr.der | cut -c1-64)
attributes=$(
  {
    attribute 1.2.840.113549.1.9.3 "$data"; echo
    attribute 1.2.840.113549.1.9.4 "$(element 04 "$digest")"; echo
    attribute 2.16.840.1.113733.1.9.2 "$(text 19)"; echo
    attribute 2.16.840.1.113733.1.9.5 "$(element 04 "$(openssl rand -hex 16)")"; echo
    attribute 2.16.840.1.113733.1.9.7 "$(text "$transaction")"; echo
  } | LC_ALL=C sort | tr -d '\n'
)
bytes "$(element 31 "$attributes")" >attributes.der
openssl dgst -sha256 -sign device.key -out attributes.sig attributes.der
# Issuer and serial of the throw-away certificate: the second and fourth element of what is signed in it.
piece() { # NUMBER: its bytes, as hexadecimal digits
  local offset head length
  read -r offset head length < <(openssl asn1parse -inform DER -in throw-away.der |
    sed -nE 's/^ *([0-9]+):d=2 +hl=([0-9]+) l= *([0-9]+).*/\1 \2 \3/p' | sed -n "$1p")
  tail -c +$((offset + 1)) throw-away.der | head -c $((head + length)) | hex
}
signer=$(element 30 020101 "$(element 30 "$(piece 4)" "$(piece 2)")" "$sha256" "$(element a0 "$attributes")" "$rsa" "$(element 04 "$(hex attributes.sig)")")
message=$(element 30 "$signed_data" "$(element a0 "$(element 30 020101 "$(element 31 "$sha256")" \
  "$(element 30 "$data" "$(element a0 "$(element 04 "$(hex envelope.der)")")")" \
  "$(element a0 "$(hex throw-away.der)")" "$(element 31 "$signer")")")")
bytes "$message" >request.der

# 4. The certificate comes back sealed to the throw-away one.
$curl -fsS -H 'Content-Type: application/x-pki-message' --data-binary @request.der "$scep?operation=PKIOperation" -o reply.der
openssl cms -verify -binary -noverify -inform DER -in reply.der -out sealed.der 2>/dev/null
openssl cms -decrypt -binary -inform DER -in sealed.der -recip throw-away.pem -inkey device.key -out certificates.der
openssl pkcs7 -inform DER -in certificates.der -print_certs | openssl x509 -out device.pem
say "certificate: $(openssl x509 -in device.pem -noout -subject -enddate | tr '\n' ' ')"

# 5. Every message is signed: a detached CMS signature over its body, base64 on one line.
send() { # CONTENT-TYPE, the body on stdin
  cat >body.plist
  openssl cms -sign -binary -md sha256 -signer device.pem -inkey device.key -in body.plist -outform DER -out body.sig
  $curl -fsS -X PUT -H "Content-Type: $1" -H "Mdm-Signature: $(openssl base64 -A -in body.sig)" --data-binary @body.plist "$server"
}
plist() { printf '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>%s</dict></plist>\n' "$1"; }
pair() { printf '<key>%s</key><string>%s</string>' "$1" "$2"; }
checkin=application/x-apple-aspen-mdm-checkin report=application/x-apple-aspen-mdm

plist "$(pair MessageType Authenticate)$(pair Topic "$topic")$(pair UDID "$udid")$(pair SerialNumber "$serial")$(pair DeviceName 'By hand')" | send $checkin
say 'Authenticate: taken'
token=$(openssl rand -base64 32)
plist "$(pair MessageType TokenUpdate)$(pair Topic "$topic")$(pair UDID "$udid")$(pair PushMagic by-hand)<key>Token</key><data>$token</data>" | send $checkin
say 'TokenUpdate: taken, so the device is enrolled'

# 6. Idle, and an answer to whatever was asked, until there is nothing more.
plist "$(pair UDID "$udid")$(pair Status Idle)" | send $report >command.plist
while [ -s command.plist ]; do
  uuid=$(tr -d '\n' <command.plist | sed -n 's:.*<key>CommandUUID</key>[[:space:]]*<string>\([^<]*\)<.*:\1:p')
  say "command $uuid: acknowledged"
  plist "$(pair UDID "$udid")$(pair Status Acknowledged)$(pair CommandUUID "$uuid")" | send $report >command.plist
done
say 'nothing more to do'
