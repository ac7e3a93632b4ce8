// SPDX-License-Identifier: GPL-2.0-only
/* Kinds of addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "main.h"
#include "rpfeval.h"

/* Which bits the scope of a multicast address is in, and that of a link. */
#define SCOPE_MASK	0x0f
#define SCOPE_LINK	0x02

static uint32_t host(const uint8_t *addr)
{
	uint32_t be;

	memcpy(&be, addr, sizeof(be));
	return ntohl(be);
}

static struct in6_addr in6(const uint8_t *addr)
{
	struct in6_addr copy;

	memcpy(&copy, addr, sizeof(copy));
	return copy;
}

bool rpf4_is_zeronet(const uint8_t *addr)
{
	return !addr[0];
}

bool rpf4_is_broadcast(const uint8_t *addr)
{
	return host(addr) == INADDR_BROADCAST;
}

bool rpf4_is_multicast(const uint8_t *addr)
{
	return IN_MULTICAST(host(addr));
}

bool rpf4_is_local_multicast(const uint8_t *addr)
{
	return (host(addr) & 0xffffff00) == INADDR_UNSPEC_GROUP;
}

bool rpf4_is_loopback(const uint8_t *addr)
{
	return addr[0] == IN_LOOPBACKNET;
}

bool rpf4_is_unicast(const uint8_t *addr)
{
	return !rpf4_is_multicast(addr) && !rpf4_is_broadcast(addr) &&
	       !rpf4_is_zeronet(addr);
}

bool rpf6_is_any(const uint8_t *addr)
{
	struct in6_addr copy = in6(addr);

	return IN6_IS_ADDR_UNSPECIFIED(&copy);
}

bool rpf6_is_multicast(const uint8_t *addr)
{
	return addr[0] == 0xff;
}

bool rpf6_is_local_multicast(const uint8_t *addr)
{
	return rpf6_is_multicast(addr) && (addr[1] & SCOPE_MASK) <= SCOPE_LINK;
}

bool rpf6_is_linklocal(const uint8_t *addr)
{
	struct in6_addr copy = in6(addr);

	return IN6_IS_ADDR_LINKLOCAL(&copy);
}

bool rpf6_is_unicast(const uint8_t *addr)
{
	struct in6_addr copy = in6(addr);

	return !rpf6_is_any(addr) && !rpf6_is_multicast(addr) &&
	       !IN6_IS_ADDR_V4MAPPED(&copy);
}
