module github.com/flagstay/flagstay-go

go 1.24
