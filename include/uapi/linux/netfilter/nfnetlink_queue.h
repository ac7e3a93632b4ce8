/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef _NFNETLINK_QUEUE_H
#define _NFNETLINK_QUEUE_H

#include <linux/types.h>
#include <linux/netfilter/nfnetlink.h>

enum nfqnl_msg_types {
	NFQNL_MSG_PACKET,		/* packet from kernel to userspace */
	NFQNL_MSG_VERDICT,		/* verdict from userspace to kernel */
	NFQNL_MSG_CONFIG,		/* connect to a particular queue */
	NFQNL_MSG_VERDICT_BATCH,	/* batchv from userspace to kernel */

	NFQNL_MSG_MAX
};

struct nfqnl_msg_packet_hdr {
	__be32		packet_id;	/* unique ID of packet in queue */
	__be16		hw_protocol;	/* hw protocol (network order) */
	__u8	hook;		/* netfilter hook */
} __attribute__ ((packed));

struct nfqnl_msg_packet_hw {
	__be16		hw_addrlen;
	__u16	_pad;
	__u8	hw_addr[8];
};

struct nfqnl_msg_packet_timestamp {
	__aligned_be64	sec;
	__aligned_be64	usec;
};

enum nfqnl_vlan_attr {
	NFQA_VLAN_UNSPEC,
	NFQA_VLAN_PROTO,		/* __be16 skb vlan_proto */
	NFQA_VLAN_TCI,			/* __be16 skb htons(vlan_tci) */
	__NFQA_VLAN_MAX,
};
#define NFQA_VLAN_MAX (__NFQA_VLAN_MAX - 1)

enum nfqnl_attr_type {
	NFQA_UNSPEC,
	NFQA_PACKET_HDR,
	NFQA_VERDICT_HDR,		/* nfqnl_msg_verdict_hrd */
	NFQA_MARK,			/* __u32 nfmark */
	NFQA_TIMESTAMP,			/* nfqnl_msg_packet_timestamp */
	NFQA_IFINDEX_INDEV,		/* __u32 ifindex */
	NFQA_IFINDEX_OUTDEV,		/* __u32 ifindex */
	NFQA_IFINDEX_PHYSINDEV,		/* __u32 ifindex */
	NFQA_IFINDEX_PHYSOUTDEV,	/* __u32 ifindex */
	NFQA_HWADDR,			/* nfqnl_msg_packet_hw */
	NFQA_PAYLOAD,			/* opaque data payload */
	NFQA_CT,			/* nfnetlink_conntrack.h */
	NFQA_CT_INFO,			/* enum ip_conntrack_info */
	NFQA_CAP_LEN,			/* __u32 length of captured packet */
	NFQA_SKB_INFO,			/* __u32 skb meta information */
	NFQA_EXP,			/* nfnetlink_conntrack.h */
	NFQA_UID,			/* __u32 sk uid */
	NFQA_GID,			/* __u32 sk gid */
	NFQA_SECCTX,			/* security context string */
	NFQA_VLAN,			/* nested attribute: packet vlan info */
	NFQA_L2HDR,			/* full L2 header */
	NFQA_PRIORITY,			/* skb->priority */
	NFQA_CGROUP_CLASSID,		/* __u32 cgroup classid */
	NFQA_VERDICT_VEC,		/* array of nfqnl_msg_verdict_vec */

	__NFQA_MAX
};
#define NFQA_MAX (__NFQA_MAX - 1)

struct nfqnl_msg_verdict_hdr {
	__be32 verdict;
	__be32 id;
};

/* flags of struct nfqnl_msg_verdict_vec */
/* set the mark of the packet */
#define NFQNL_VERDICT_VEC_F_MARK		(1 << 0)

/* Elements that the 16 bits of nla_len have room for; one vector per message,
 * any number of messages per send().
 */
#define NFQNL_VERDICT_VEC_MAX			4095

/**
 * struct nfqnl_msg_verdict_vec - element of NFQA_VERDICT_VEC
 * @verdict: NF_DROP, NF_ACCEPT, NF_REPEAT, NF_STOP or NF_QUEUE_NR(), the latter
 *	also with NF_VERDICT_FLAG_QUEUE_BYPASS; other bits are 0
 * @id: packet_id of struct nfqnl_msg_packet_hdr
 * @mark: new mark of the packet; 0 without NFQNL_VERDICT_VEC_F_MARK
 * @flags: NFQNL_VERDICT_VEC_F_*; unknown ones are answered with -EOPNOTSUPP
 *
 * All values are in network byte order.
 *
 * NFQA_VERDICT_VEC is the only attribute of an NFQNL_MSG_VERDICT_BATCH and has
 * 1 to NFQNL_VERDICT_VEC_MAX elements.  If one of them is bad, the message has
 * no effect.  Verdicts take effect in the order of the elements.  Keep the
 * packets of a flow in the order of their ids, as for single verdicts.
 *
 * Elements with an id that is not queued are skipped, all others are applied.
 * With NLM_F_ACK the answer to that is -ENOENT, without it there is none.  Such
 * an answer comes through the socket that receives the packets: set
 * NETLINK_CAP_ACK, or it repeats the whole vector, and NETLINK_EXT_ACK, to see
 * how many elements were skipped and the id of the first one.
 *
 * To see if the kernel has vectors, send one to a bound queue, with an element
 * whose flags are all set: -EOPNOTSUPP if it has, -EINVAL if not.
 */
struct nfqnl_msg_verdict_vec {
	__be32 verdict;
	__be32 id;
	__be32 mark;
	__be32 flags;
};

enum nfqnl_msg_config_cmds {
	NFQNL_CFG_CMD_NONE,
	NFQNL_CFG_CMD_BIND,
	NFQNL_CFG_CMD_UNBIND,
	NFQNL_CFG_CMD_PF_BIND,
	NFQNL_CFG_CMD_PF_UNBIND,
};

struct nfqnl_msg_config_cmd {
	__u8	command;	/* nfqnl_msg_config_cmds */
	__u8	_pad;
	__be16		pf;		/* AF_xxx for PF_[UN]BIND */
};

enum nfqnl_config_mode {
	NFQNL_COPY_NONE,
	NFQNL_COPY_META,
	NFQNL_COPY_PACKET,
};

struct nfqnl_msg_config_params {
	__be32		copy_range;
	__u8	copy_mode;	/* enum nfqnl_config_mode */
} __attribute__ ((packed));


enum nfqnl_attr_config {
	NFQA_CFG_UNSPEC,
	NFQA_CFG_CMD,			/* nfqnl_msg_config_cmd */
	NFQA_CFG_PARAMS,		/* nfqnl_msg_config_params */
	NFQA_CFG_QUEUE_MAXLEN,		/* __u32 */
	NFQA_CFG_MASK,			/* identify which flags to change */
	NFQA_CFG_FLAGS,			/* value of these flags (__u32) */
	__NFQA_CFG_MAX
};
#define NFQA_CFG_MAX (__NFQA_CFG_MAX-1)

/* Flags for NFQA_CFG_FLAGS */
#define NFQA_CFG_F_FAIL_OPEN			(1 << 0)
#define NFQA_CFG_F_CONNTRACK			(1 << 1)
#define NFQA_CFG_F_GSO				(1 << 2)
#define NFQA_CFG_F_UID_GID			(1 << 3)
#define NFQA_CFG_F_SECCTX			(1 << 4)
/* Packets go to the ring of the socket (NETLINK_RX_RECRING), until the queue is
 * unbound.  To be set before the copy mode, or with it.
 */
#define NFQA_CFG_F_RING				(1 << 5)
#define NFQA_CFG_F_MAX				(1 << 6)

/* flags for NFQA_SKB_INFO */
/* packet appears to have wrong checksums, but they are ok */
#define NFQA_SKB_CSUMNOTREADY (1 << 0)
/* packet is GSO (i.e., exceeds device mtu) */
#define NFQA_SKB_GSO (1 << 1)
/* csum not validated (incoming device doesn't support hw checksum, etc.) */
#define NFQA_SKB_CSUM_NOTVERIFIED (1 << 2)

#endif /* _NFNETLINK_QUEUE_H */
