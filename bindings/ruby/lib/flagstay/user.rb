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
    INT64 = (-(2**63)..((2**63) - 1))
    private_constant :INT64

    # @return [String, nil] the key; nil where the user has none, or one that is not text
    attr_reader :key

    # @api private
    # @return [Native::UserHandle]
    attr_reader :handle

    # @api private
    # @return [Integer] that of the handle, for as long as the user lives
    attr_reader :address

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
      Slot.use do |slot|
        hold(begin_with(parts, slot))
        next if parts.all?(nil)

        parts.each_with_index { |values, part| values&.each { |name, value| set(part, name, value, slot.error) } }
      end
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
      pointer = Slot.use { |slot| slot.handle(:user_from_json, json) }
      allocate.tap { |user| user.send(:adopt, pointer, json) }
    end

    # Yields what the library knows the user by, for one call.
    #
    # @api private
    # @param user [User, String, Symbol, Hash, nil]
    def self.borrow(user, &)
      case user
      when User then yield user.handle
      when nil then yield nil
      when String, Symbol, Hash then transient(user, &)
      else raise TypeError, "a user is a Flagstay::User, a String, a Hash or nil, not #{user.inspect}"
      end
    end

    # A user that lives for one call, and whose memory does not wait for the garbage collector.
    #
    # @api private
    def self.transient(user)
      pointer = Slot.use do |slot|
        next slot.handle(:user_new, Text.utf8(user, "user")) unless user.is_a?(Hash)

        slot.handle(:user_from_json, Json.text(user, "user", InvalidUserError))
      end
      yield pointer
    ensure
      Native.user_free(pointer) if pointer
    end
    private_class_method :transient

    # Names the key only: attributes may be nobody's business.
    def inspect
      "#<#{self.class} #{key.inspect}>"
    end
    alias to_s inspect

    private

    def hold(pointer)
      @handle = Native::UserHandle.new(pointer)
      @address = pointer.address
    end

    def adopt(pointer, json)
      hold(pointer)
      document = Json.parse(json)
      key = document["key"] if document.is_a?(Hash)
      @key = key if key.is_a?(String)
      freeze
    end

    # A user without its values. A part that is given, but empty, is not the same as one that is not given.
    def begin_with(parts, slot)
      return slot.handle(:user_new, @key) if parts.all?(nil)

      empty = {}
      parts.each_with_index do |values, part|
        next if values.nil?
        raise InvalidUserError, "#{PARTS[part]} must be a Hash, not #{values.inspect}" unless values.is_a?(Hash)

        empty[PARTS[part]] = values if values.empty?
      end
      return slot.handle(:user_new, @key) if empty.empty?

      slot.handle(:user_from_json, JSON.generate({ key: @key, **empty }))
    end

    def set(part, name, value, error)
      unless name.is_a?(Symbol) || name.is_a?(String)
        raise InvalidUserError, "#{PARTS[part]}: #{name.inspect} is no name; names are text"
      end

      name = name.name if name.is_a?(Symbol)
      name = Text.utf8(name, PARTS[part])
      status = write(part, name, value, error)
      raise Reply.error(status, error.get_pointer(0)) unless status == Status::OK
    end

    def write(part, name, value, error)
      case value
      when String, Symbol
        value = Text.utf8(value, place(part, name)) unless value.is_a?(String) && value.ascii_only?
        Native.user_set_text(@handle, part, name, name.bytesize, value, value.bytesize, error)
      when Float then Native.user_set_number(@handle, part, name, name.bytesize, finite(part, name, value), error)
      when true, false then Native.user_set_boolean(@handle, part, name, name.bytesize, value ? 1 : 0, error)
      when INT64 then Native.user_set_integer(@handle, part, name, name.bytesize, value, error)
      else
        json = Json.text(value, place(part, name), InvalidUserError)
        Native.user_set_json(@handle, part, name, name.bytesize, json, json.bytesize, error)
      end
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
