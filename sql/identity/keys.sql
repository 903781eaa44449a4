-- What a record must share with another one to be looked at together with it; each rule is a power of two.
$keys
