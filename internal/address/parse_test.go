package address

import (
	"net/netip"
	"testing"
)

func TestParsePrefix_AnySpelling_IsOneValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.20.0/24":              "10.0.20.0/24",
		"10.0.20.7/24":              "10.0.20.0/24",
		"10.0.20.0/255.0.0.0":       "10.0.0.0/8",
		"10.0.20.0/255.255.255.0":   "10.0.20.0/24",
		"10.0.20.0/255.255.255.255": "10.0.20.0/32",
		"0.0.0.0/0.0.0.0":           "0.0.0.0/0",
		"::ffff:10.0.20.0/120":      "10.0.20.0/24",
		"FD00:0:0:20::/64":          "fd00:0:0:20::/64",
		"fd00:0000:0000:0020::1/64": "fd00:0:0:20::/64",
		"fd00::0.0.0.1/127":         "fd00::/127",
	} {
		got, err := ParsePrefix(text)
		if err != nil || got.String() != want {
			t.Errorf("ParsePrefix(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestParsePrefix_NoCIDR_SaysWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.20.0":               `"10.0.20.0" has no prefix length, as in 10.0.20.0/24`,
		"10.0.20/24":              `"10.0.20/24" is not a CIDR, as in 10.0.20.0/24 or fd00:20::/64`,
		"10.0.020.0/24":           `"10.0.020.0/24" is not a CIDR, as in 10.0.20.0/24 or fd00:20::/64`,
		"10.0.20.0/33":            `"10.0.20.0/33" is not a CIDR: the length after the slash is a number from 0 to 32`,
		"10.0.20.0/":              `"10.0.20.0/" is not a CIDR: the length after the slash is a number from 0 to 32`,
		"fd00::/129":              `"fd00::/129" is not a CIDR: the length after the slash is a number from 0 to 128`,
		"10.0.20.0/255.0.255.0":   `"10.0.20.0/255.0.255.0" is not a CIDR: 255.0.255.0 is not a netmask`,
		"fe80::1%eth0/64":         `"fe80::1%eth0/64" is not a CIDR, as in 10.0.20.0/24 or fd00:20::/64`,
		"::ffff:10.0.20.0/24":     `"::ffff:10.0.20.0/24" holds more than the IPv4 addresses that it is written with`,
		"fd00:20::/255.255.255.0": `"fd00:20::/255.255.255.0" is not a CIDR: the length after the slash is a number from 0 to 128`,
	} {
		if _, err := ParsePrefix(text); err == nil || err.Error() != want {
			t.Errorf("ParsePrefix(%q): %v\nwant %s", text, err, want)
		}
	}
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.20.100-10.0.20.199":   "10.0.20.100-10.0.20.199",
		"10.0.20.100 - 10.0.20.199": "10.0.20.100-10.0.20.199",
		"10.0.20.128-10.0.20.255":   "10.0.20.128/25",
		"10.0.20.130/25":            "10.0.20.128/25",
		"10.0.20.9":                 "10.0.20.9",
		"fd00::10-FD00::1f":         "fd00::10/124",
		"0.0.0.0/0":                 "0.0.0.0/0",
	} {
		got, err := ParseRange(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseRange(%q) = %v, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"10.0.20.199-10.0.20.100": `"10.0.20.199-10.0.20.100" ends before it begins`,
		"10.0.20.1-fd00::1":       `"10.0.20.1-fd00::1" is not a range: write 10.0.20.100-10.0.20.199, a CIDR or one address`,
		"dhcp":                    `"dhcp" is not a range: write 10.0.20.100-10.0.20.199, a CIDR or one address`,
		"10.0.20.0/40":            `"10.0.20.0/40" is not a CIDR: the length after the slash is a number from 0 to 32`,
	} {
		if _, err := ParseRange(text); err == nil || err.Error() != want {
			t.Errorf("ParseRange(%q): %v\nwant %s", text, err, want)
		}
	}
}

func TestCheckHost_RFCRules(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ prefix, addr, want string }{
		{"10.0.20.0/24", "10.0.20.1", ""},
		{"10.0.20.0/24", "10.0.20.254", ""},
		{"10.0.20.0/24", "10.0.20.0", "10.0.20.0 is the network address of 10.0.20.0/24"},
		{"10.0.20.0/24", "10.0.20.255", "10.0.20.255 is the broadcast address of 10.0.20.0/24"},
		{"10.0.20.0/24", "10.0.21.1", "10.0.21.1 is outside 10.0.20.0/24"},
		{"10.0.20.0/24", "fd00::1", "fd00::1 is outside 10.0.20.0/24"},
		{"10.0.20.4/30", "10.0.20.7", "10.0.20.7 is the broadcast address of 10.0.20.4/30"},
		{"10.0.20.4/31", "10.0.20.4", ""},
		{"10.0.20.4/31", "10.0.20.5", ""},
		{"10.0.20.4/32", "10.0.20.4", ""},
		{"fd00::/64", "fd00::", "fd00:: is the subnet-router anycast address of fd00::/64"},
		{"fd00::/64", "fd00::1", ""},
		{"fd00::/64", "fd00::ffff:ffff:ffff:ffff", ""},
		{"fd00::/64", "fd00::fdff:ffff:ffff:ff80", "fd00::fdff:ffff:ffff:ff80 is a reserved anycast address of fd00::/64"},
		{"fd00::/64", "fd00::fdff:ffff:ffff:ff7f", ""},
		{"fd00::/112", "fd00::ff80", "fd00::ff80 is a reserved anycast address of fd00::/112"},
		{"fd00::/112", "fd00::ff7f", ""},
		{"fd00::/121", "fd00::7f", ""},
		{"fd00::/126", "fd00::", "fd00:: is the subnet-router anycast address of fd00::/126"},
		{"fd00::/127", "fd00::", ""},
		{"fd00::/128", "fd00::", ""},
	} {
		err := CheckHost(netip.MustParsePrefix(test.prefix), netip.MustParseAddr(test.addr))
		if got := message(err); got != test.want {
			t.Errorf("CheckHost(%s, %s) = %q, want %q", test.prefix, test.addr, got, test.want)
		}
	}
}

func TestCheckPrefix_WhatNoHostCanHave_IsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.0/8":     "",
		"100.64.0.0/10":  "",
		"192.0.2.0/24":   "",
		"fd00::/8":       "",
		"2001:db8::/32":  "",
		"0.0.0.0/0":      `0.0.0.0/0 overlaps 0.0.0.0/8, which is kept for "this network" (RFC 791)`,
		"127.1.0.0/16":   "127.1.0.0/16 overlaps 127.0.0.0/8, which is kept for loopback (RFC 1122)",
		"169.254.1.0/24": "169.254.1.0/24 overlaps 169.254.0.0/16, which is kept for link-local addresses (RFC 3927)",
		"239.0.0.0/8":    "239.0.0.0/8 overlaps 224.0.0.0/4, which is kept for multicast (RFC 5771)",
		"250.0.0.0/8":    "250.0.0.0/8 overlaps 240.0.0.0/4, which is kept for future use and broadcast (RFC 1112, RFC 919)",
		"fe80::/64":      "fe80::/64 overlaps fe80::/10, which is kept for link-local addresses (RFC 4291)",
		"ff02::/16":      "ff02::/16 overlaps ff00::/8, which is kept for multicast (RFC 4291)",
		"::/0":           "::/0 overlaps ::/8, which is kept for unspecified, loopback and embedded IPv4 addresses (RFC 4291)",
	} {
		if got := message(CheckPrefix(netip.MustParsePrefix(text))); got != want {
			t.Errorf("CheckPrefix(%s) = %q, want %q", text, got, want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
