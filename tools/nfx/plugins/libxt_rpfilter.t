:PREROUTING
*mangle
-m rpfilter;=;OK
-m rpfilter --loose --validmark --accept-local --invert;=;OK
-m rpfilter --mode strict;=;OK
-m rpfilter --mode feasible;=;OK
-m rpfilter --mode loose;=;OK
-m rpfilter --mode feasible --vrf red --no-default --validmark --accept-local --l4 --no-ipsec-exempt --invert;=;OK
-m rpfilter --class none;=;OK
-m rpfilter --class none,drop-nexthop;-m rpfilter --class drop-nexthop,none;OK
-m rpfilter --class exempt,strict;-m rpfilter --mode strict;OK
-m rpfilter --class exempt,strict,feasible,loose,default,local,martian,drop-nexthop,none;=;OK
-m rpfilter --mode loose --no-ipsec-exempt;-m rpfilter --loose;OK
-m rpfilter --mode tight;;FAIL
-m rpfilter --class any;;FAIL
-m rpfilter --class none,;;FAIL
-m rpfilter --mode strict --class none;;FAIL
-m rpfilter --mode strict --loose;;FAIL
-m rpfilter --mode strict --vrf 0123456789abcdef;;FAIL
-m rpfilter --no-default;;FAIL
-m rpfilter --l4;;FAIL
-m rpfilter --no-ipsec-exempt;;FAIL
-m rpfilter --vrf red;;FAIL
:INPUT,FORWARD
-m rpfilter --mode strict;=;OK
:OUTPUT,POSTROUTING
-m rpfilter --mode strict;;FAIL
