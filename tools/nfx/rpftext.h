/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules and routes as text, as ip(8) has it. */
#ifndef NFX_RPFTEXT_H
#define NFX_RPFTEXT_H

#include "rpftables.h"

/* Room for any rule or route; a multipath route may be cut short. */
#define RPF_TEXT 512

/** rpf_table_text() - "main", or a number */
const char *rpf_table_text(uint32_t table, char *text, size_t size);

/** rpf_rule_text() - "100: from 10.0.0.0/8 lookup 51". Return: @text. */
const char *rpf_rule_text(const struct rpf_tables *tables,
			  const struct rpf_rule *rule, char *text,
			  size_t size);

/** rpf_route_text() - "10.0.0.0/8 dev eth0 metric 100". Return: @text. */
const char *rpf_route_text(const struct rpf_tables *tables,
			   const struct rpf_route *route, char *text,
			   size_t size);

/** rpf_type_name() - "blackhole" */
const char *rpf_type_name(uint8_t type);

/** rpf_prefix_text() - "10.0.0.0/8", "default" for all of them */
const char *rpf_prefix_text(int family, const uint8_t *addr, uint8_t len,
			    char *text, size_t size);

/** rpf_link_text() - name of a device, "if7" if that is not known */
const char *rpf_link_text(const struct rpf_tables *tables, uint32_t ifindex,
			  char *text, size_t size);

#endif /* NFX_RPFTEXT_H */
