#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Delete conntrack entries by filter: what can be done with entries that user
# space makes, then with one that is offloaded:
#
#	ns1 -- nsr, with a flowtable -- ns2

source lib.sh

flows=6
ns1=""
ns2=""
nsr=""

log=$(mktemp)

cleanup()
{
	[ -z "$ns2" ] || ip netns pids "$ns2" | xargs -r kill 2>/dev/null
	cleanup_all_ns
	rm -f "$log"
}

trap cleanup EXIT

./nfct_flush -T offloaded | tee "$log"
ret=${PIPESTATUS[0]}
[ "$ret" -eq 0 ] || exit "$ret"

if grep -q "SKIP kernel has no" "$log"; then
	echo "SKIP: kernel has no IPCTNL_MSG_CT_FLUSH"
	exit "$ksft_skip"
fi

checktool "nft --version" "run test without nft tool"
checktool "socat -V" "run test without socat"

setup_ns ns1 nsr ns2 || exit "$ksft_skip"

ip link add veth0 netns "$nsr" type veth peer name eth0 netns "$ns1"
ip link add veth1 netns "$nsr" type veth peer name eth0 netns "$ns2"
ip -net "$nsr" addr add 10.0.1.1/24 dev veth0
ip -net "$nsr" addr add 10.0.2.1/24 dev veth1
ip -net "$ns1" addr add 10.0.1.99/24 dev eth0
ip -net "$ns2" addr add 10.0.2.99/24 dev eth0
ip -net "$nsr" link set veth0 up
ip -net "$nsr" link set veth1 up
ip -net "$ns1" link set eth0 up
ip -net "$ns2" link set eth0 up
ip -net "$ns1" route add default via 10.0.1.1
ip -net "$ns2" route add default via 10.0.2.1
ip netns exec "$nsr" sysctl -q net.ipv4.ip_forward=1

if ! ip netns exec "$nsr" nft -f - <<EOF
table ip t {
	flowtable f {
		hook ingress priority 0
		devices = { veth0, veth1 }
	}

	chain forward {
		type filter hook forward priority 0
		ct state established meta l4proto udp flow add @f
	}
}
EOF
then
	echo "SKIP: cannot add a flowtable"
	exit "$ksft_skip"
fi

ip netns exec "$ns2" socat UDP4-LISTEN:5000,fork EXEC:cat 2>/dev/null &
wait_local_port_listen "$ns2" 5000 udp

for i in $(seq "$flows"); do
	for n in 1 2 3 4; do
		echo "$n"
		sleep 0.1
	done | ip netns exec "$ns1" socat -t1 - \
		UDP4:10.0.2.99:5000,sourceport=$((6000 + i)) >/dev/null

	ip netns exec "$nsr" ./nfct_flush -t offloaded || exit $?
done
