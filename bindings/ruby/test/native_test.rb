# frozen_string_literal: true

require "support"

# A parameter too few is not an error that Ruby would notice: the library would read whatever is in the register.
class NativeTest < Minitest::Test
  include Support

  HEADER = File.expand_path("../../../include/flagstay.h", __dir__)
  TYPES = { "size_t" => :size_t, "int32_t" => :int32, "int64_t" => :int64, "uint8_t" => :uint8, "uint32_t" => :uint32,
            "uint64_t" => :uint64, "double" => :double, "flagstay_status" => :int32, "void" => :void }.freeze

  # What this binding asks another way: flagstay_on answers what flagstay_boolean does, and more cheaply, and Ruby pays
  # as much for flagstay_switch_try as for the function that knows every answer.
  UNUSED = %i[boolean switch_try].freeze

  def declared
    text = File.read(HEADER, encoding: "UTF-8").gsub(%r{//.*$}, "").gsub(%r{/\*.*?\*/}m, "")[/extern "C" \{.*/m]
    text.scan(/^([a-z][^;{}()]*?)\bflagstay_(\w+)\(([^;]*)\);/).to_h do |result, name, parameters|
      parameters = parameters == "void" ? [] : parameters.split(",")
      [name.to_sym, [parameters.map { |parameter| type(parameter.sub(/\w+\z/, "")) }, type(result)]]
    end
  end

  def type(text)
    text.include?("*") ? :pointer : TYPES.fetch(text.strip)
  end

  def attached
    native = Flagstay::Native
    functions = native::QUICK.transform_values do |types, result|
      [addressed(types), result == :string ? :pointer : result]
    end
    functions.merge(native::SLOW.merge(native::STORED).transform_values { |types| [addressed(types), :int32] })
  end

  # A handle may be passed as its address.
  def addressed(types)
    types.map { |type| type == :uintptr_t ? :pointer : type }
  end

  def test_every_function_of_the_header_is_attached_as_it_is_declared
    assert_operator(declared.size, :>, 30)
    missing = declared.keys - attached.keys
    assert_equal(UNUSED, missing, "functions that this binding does not know")
    attached.each { |name, signature| assert_equal(declared.fetch(name), signature, name.to_s) }
  end

  def test_structs_are_as_large_as_those_of_the_header
    sizes = [Flagstay::Native::StoreTable, Flagstay::Native::CountriesTable, Flagstay::Native::OptionsStruct,
             Flagstay::Native::DecisionStruct].map(&:size)
    assert_equal([64, 32, 48, 192], sizes)
  end
end
