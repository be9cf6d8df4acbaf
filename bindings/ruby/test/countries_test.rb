# frozen_string_literal: true

require "support"

# The function that the library gets, called as the library calls it.
class CountriesTest < Minitest::Test
  include Support

  DONE = 7001
  FAILURE = 0

  # A sink of the library's: what is given to it is kept.
  class Sink
    attr_reader :given

    def initialize
      @given = []
      @function = FFI::Function.new(:void, %i[pointer pointer size_t]) do |_context, text, length|
        @given << Flagstay::Text.read(text, length)
      end
    end

    def to_ptr = @function
  end

  def ask(resolver, ip = "1.2.3.4")
    @countries = Flagstay::Countries.new
    call(@countries.table_for(resolver), ip)
  end

  def call(table, ip)
    sink = Sink.new
    function = FFI::Function.new(:int32, %i[pointer pointer size_t pointer pointer], table[:country])
    memory = FFI::MemoryPointer.new(:char, ip.bytesize + 1).put_bytes(0, ip)
    [function.call(nil, memory, ip.bytesize, sink.to_ptr, nil), sink.given]
  end

  def test_an_object_a_lambda_and_a_method_are_resolvers
    geo = Object.new
    def geo.country(ip) = ip == "1.2.3.4" ? "DE" : nil
    [geo, ->(ip) { geo.country(ip) }, proc { |ip| geo.country(ip) }, geo.method(:country)].each do |resolver|
      assert_equal([DONE, ["DE"]], ask(resolver), resolver.inspect)
      assert_equal([DONE, []], ask(resolver, "::1"))
    end
    assert_equal([DONE, ["FR"]], ask(->(_) { :FR }))
  end

  def test_the_address_arrives_as_utf8_text
    seen = nil
    ask(->(ip) { (seen = ip) && nil }, "fe80::1ü")
    assert_equal(["fe80::1ü", Encoding::UTF_8], [seen, seen.encoding])
  end

  def test_an_exception_is_kept_and_the_country_is_unknown
    failure = KeyError.new("no such table")
    status, given = ask(->(_) { raise failure })
    assert_equal([FAILURE, ["KeyError: no such table"]], [status, given])
    assert_same(failure, @countries.last_exception)
  end

  def test_an_answer_that_is_no_text_is_a_failure
    [5, Object.new, true, "\xff"].each do |answer|
      assert_equal(FAILURE, ask(->(_) { answer }).first, answer.inspect)
    end
    assert_kind_of(Flagstay::InvalidTextError, @countries.last_exception)
  end

  def test_a_throw_does_not_unwind_the_library
    thrown = catch(:out) do
      status, given = ask(->(_) { throw :out, :thrown })
      assert_equal([FAILURE, ["the country resolver was left by a throw"]], [status, given])
      :not_thrown
    end
    assert_equal(:not_thrown, thrown)
  end

  def test_an_interrupt_goes_on_when_the_library_has_returned
    assert_raises(Interrupt) do
      Flagstay::Callbacks.during do
        assert_equal(FAILURE, ask(->(_) { raise Interrupt }).first)
      end
    end
  end

  def test_what_is_no_resolver_is_an_error
    no_arguments = Object.new
    def no_arguments.country = "DE"
    [Object.new, 5, "DE", {}, no_arguments].each do |wrong|
      assert_raises(Flagstay::InvalidArgumentError, wrong.inspect) { client.resolve_countries(wrong) }
      assert_raises(Flagstay::InvalidArgumentError, wrong.inspect) { client(countries: wrong) }
    end
    assert_raises(ArgumentError) { client.resolve_countries(->(_) {}) { nil } }
  end

  def test_a_client_takes_a_resolver_another_one_and_none
    client = client(countries: ->(_) { "DE" })
    assert_same(client, client.resolve_countries { "FR" })
    assert_same(client, client.resolve_countries(nil))
    assert_equal([true, "grey", nil], [client.enabled?("new-checkout", "user-1"),
                                       client.text("dark", user, default: "grey"), client.last_country_exception])
    client.close
    assert_raises(Flagstay::ClosedError) { client.resolve_countries { "DE" } }
  end

  def test_without_a_resolver_there_is_no_exception_of_one
    assert_nil(client.last_country_exception)
  end

  def test_clients_with_resolvers_are_collected_while_others_decide
    GC.stress = false
    200.times do |n|
      client = client(countries: ->(_) { n.to_s })
      assert_equal(true, client.enabled?("new-checkout", "user-1"))
      GC.start if (n % 50).zero?
    end
  end
end
