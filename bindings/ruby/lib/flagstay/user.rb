# frozen_string_literal: true

require_relative "json"
require_relative "reply"
require_relative "slot"

module Flagstay
  # Who a decision is for: a key, and named values in six parts.
  #
  #     user = Flagstay::User.new("user-1", attributes: { plan: "pro", age: 31 })
  #
  # Which parts a dialect reads is on its reference page. Values are text, numbers, booleans, nil, and arrays and hashes
  # of them; names are Strings or Symbols. Anything else is an error that names its place.
  #
  # A user is immutable. Threads may share it, and a request should make it once: a call that is given a String or a
  # Hash instead makes a user, and throws it away, each time.
  class User
    # The parts, in the order in which the library numbers them.
    PARTS = %i[attributes private_attributes ids targeting environment context].freeze

    # @return [String, nil] the key; nil where the user has none, or one that is not text
    attr_reader :key

    # @api private
    # @return [Integer] where the library has the user, for as long as this lives
    attr_reader :flagstay_address

    # Whoever else a call may be made for: nobody is at 0, and the others are not in the library yet. So a call tells a
    # user from the others in the step that it cannot do without. Only what is `using` this sees it.
    #
    # @api private
    module Others
      refine(BasicObject) { def flagstay_address = nil }
      refine(NilClass) { def flagstay_address = 0 }
    end

    # @param key [String, Symbol] what decisions and stored assignments are tied to; an empty key is a key
    # @param attributes [Hash, nil] what is known about the user; conditions look here
    # @param private_attributes [Hash, nil] the same for values that must not appear in events
    # @param ids [Hash, nil] other ids than the key: of a company, a device, an anonymous visitor
    # @param targeting [Hash, nil] values for individual targeting (VWO)
    # @param environment [Hash, nil] the environment that the user is in (Statsig)
    # @param context [Hash, nil] what else a platform's call takes (VWO)
    # @raise [TypeError] for a key that is not text: write `id.to_s`
    # @raise [InvalidUserError, InvalidTextError]
    def initialize(key, attributes: nil, private_attributes: nil, ids: nil, targeting: nil, environment: nil,
                   context: nil)
      @key = Text.settled(key, "key")
      parts = [attributes, private_attributes, ids, targeting, environment, context]
      Slot.use { |slot| parts.compact.empty? ? hold(slot.user(@key)) : fill(parts, slot) }
      freeze
    end

    # Makes a user from JSON: `{"key": …, "attributes": {…}, …}`, with the parts' names as members, each optional.
    # `"{}"` is a user without a key, and `"null"` no user at all: evaluations for it answer the default.
    #
    # @param json [String, Hash, nil] JSON text, or the same as Ruby values
    # @return [User]
    # @raise [InvalidUserError, InvalidJsonError, InvalidTextError]
    def self.from_json(json)
      json = Json.document(json, "user", InvalidUserError)
      address = Slot.use { |slot| slot.user_from(json) }
      allocate.tap { |user| user.send(:adopt, address, json) }
    end

    # Yields what the library knows the user by, for one call.
    #
    # @api private
    # @param user [User, String, Symbol, Hash, nil]
    def self.borrow(user, &)
      case user
      when User then yield user.flagstay_address
      when nil then yield 0
      when String, Symbol, Hash then transient(user, &)
      else raise TypeError, "a user is a Flagstay::User, a String, a Hash or nil, not #{user.inspect}"
      end
    end

    # A user that lives for one call, and whose memory does not wait for the garbage collector.
    #
    # @api private
    def self.transient(user)
      address = Slot.use do |slot|
        next slot.user(Text.utf8(user, "user")) unless user.is_a?(Hash)

        slot.user_from(Json.text(user, "user", InvalidUserError))
      end
      yield address
    ensure
      Native.user_free(address) if address
    end
    private_class_method :transient

    # A user is immutable, so its copy is itself.
    def dup = self

    # @return [self]
    def clone(freeze: true) # rubocop:disable Lint/UnusedMethodArgument
      self
    end

    # What the library knows of a user stays in this process: {from_json} makes another of what was kept elsewhere.
    #
    # @raise [TypeError] always
    def marshal_dump
      raise TypeError, "a #{self.class} cannot be dumped; keep what it was made of"
    end

    # The same for YAML.
    def encode_with(_coder) = marshal_dump

    # Names the key only: attributes may be nobody's business.
    def inspect
      "#<#{self.class} #{key.inspect}>"
    end
    alias to_s inspect

    private

    def hold(address)
      ObjectSpace.define_finalizer(self, Native::UserRelease.new(address))
      @flagstay_address = address
    end

    def adopt(address, json)
      hold(address)
      document = Json.parse(json)
      key = document["key"] if document.is_a?(Hash)
      @key = key if key.is_a?(String)
      freeze
    end

    def fill(parts, slot)
      empty = nil
      parts.each_with_index do |values, part|
        next if values.nil?
        raise InvalidUserError, "#{PARTS[part]} must be a Hash, not #{values.inspect}" unless values.is_a?(Hash)

        (empty ||= { key: @key })[PARTS[part]] = values if values.empty?
      end
      # A part that is given, but empty, is not the same as one that is not given.
      hold(empty ? slot.user_from(JSON.generate(empty)) : slot.user(@key))
      error = slot.error
      parts.each_with_index { |values, part| values&.each { |name, value| set(part, name, value, error) } }
    end

    def set(part, name, value, error)
      text = name.is_a?(Symbol) ? name.name : name
      text = name_of(part, name) unless text.is_a?(String) && text.ascii_only?
      status = write(part, text, value, error)
      raise Reply.error(status, error.get_pointer(0)) unless status == Status::OK
    end

    def name_of(part, name)
      return Text.utf8(name, PARTS[part]) if name.is_a?(Symbol) || name.is_a?(String)

      raise InvalidUserError, "#{PARTS[part]}: #{name.inspect} is no name; names are text"
    end

    # The most frequent kinds of values first.
    def write(part, name, value, error)
      case value
      when String
        value = Text.utf8(value, place(part, name)) unless value.ascii_only?
        Native.user_set_text(@flagstay_address, part, name, name.bytesize, value, value.bytesize, error)
      when Integer then write_integer(part, name, value, error)
      when true, false then Native.user_set_boolean(@flagstay_address, part, name, name.bytesize, value ? 1 : 0, error)
      when Float
        value = finite(part, name, value)
        Native.user_set_number(@flagstay_address, part, name, name.bytesize, value, error)
      when Symbol then write(part, name, Text.utf8(value, place(part, name)), error)
      else write_json(part, name, value, error)
      end
    end

    def write_integer(part, name, value, error)
      return write_json(part, name, value, error) if value.bit_length > 63

      Native.user_set_integer(@flagstay_address, part, name, name.bytesize, value, error)
    end

    def write_json(part, name, value, error)
      json = Json.text(value, place(part, name), InvalidUserError)
      Native.user_set_json(@flagstay_address, part, name, name.bytesize, json, json.bytesize, error)
    end

    def finite(part, name, value)
      return value if value.finite?

      raise InvalidUserError, "#{place(part, name)}: JSON has no form for #{value}"
    end

    def place(part, name)
      "#{PARTS[part]}.#{name}"
    end
  end
end
