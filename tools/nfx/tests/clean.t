#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Probing leaves the system as it was; -N and an ordinary user work.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
need jq

# Links, rules, sysctls and named namespaces, without counters that run.
state()
{
	cut -d: -f1 /proc/net/dev
	ip -o rule 2> /dev/null
	ip netns list 2> /dev/null
	grep -ras . /proc/sys/net |
		grep -Ev '^[^:]*(count|/stat.*|random.*|/flush|_uuid|dst_gc.*):' |
		sort
}

# Sysctls that appear with the first use of a module are no change here.
"$NFX" feature list > /dev/null 2>&1
state > "$tmp/before"
run -j feature list
state > "$tmp/after"
is "list exits 0" "$rc" 0
features=$(jq length <<< "$out")
is "the system is as before" "$(diff "$tmp/before" "$tmp/after")" ""
is "no child is left" "$(pgrep -P $$ -x nfx)" ""

if [ "$(id -u)" -ne 0 ]; then
	skip "-N works in a named namespace" "needs root"
	skip "an ordinary user gets answers" "needs root to change to one"
	finish
fi

ns=nfx-$$
if ip netns add "$ns" 2> "$tmp/err"; then
	run -N "$ns" -j feature check virtio-napi-irq
	json "-N works in a named namespace" \
		'.answer == "unknown" and .evidence.errno == 19'
	ip netns del "$ns"
else
	skip "-N works in a named namespace" "$(< "$tmp/err")"
fi

# The binary may lie where the user may not go.
chmod 755 "$tmp"
install -m 755 "$NFX" "$tmp/nfx"
printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 %s "$@"\n' \
	"--clear-groups $tmp/nfx" > "$tmp/as-user"
chmod 755 "$tmp/as-user"
NFX=$tmp/as-user
run -j feature list
is "an ordinary user gets status 0" "$rc" 0
json "an ordinary user gets answers" "length == ${features:-0} and length > 0"
finish
