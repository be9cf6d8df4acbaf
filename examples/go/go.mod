module github.com/flagstay/flagstay-go/examples/demo

go 1.24

require github.com/flagstay/flagstay-go v0.0.0

replace github.com/flagstay/flagstay-go => ../../bindings/go
