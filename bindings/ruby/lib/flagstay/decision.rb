# frozen_string_literal: true

require_relative "json"
require_relative "native"

module Flagstay
  # One decision: what was answered, and why. Immutable, and free of the client that made it.
  #
  #     case client.evaluate("button-colour", user, default: "grey")
  #     in { value: String => colour, sticky: true } then …
  #     end
  class Decision
    REASONS = %i[error off fallthrough target_match rule_match prerequisite_failed sticky].freeze
    TYPES = %i[none null boolean number text list object].freeze
    MEMBERS = %i[flag value type variation variation_id rule_id reason error message store_error found enabled
                 sticky].freeze

    # @return [String] the flag's key
    attr_reader :flag
    # @return [Object] the value: text, number, boolean, nil, or frozen Array or Hash with String names. The caller's
    #   default, the very object, where there is an {error}
    attr_reader :value
    # @return [Symbol] the value's type: one of {TYPES}; `:none` where there is neither value nor default
    attr_reader :type
    # @return [String, nil] the variation's name
    attr_reader :variation
    # @return [String, nil] the platform's id of the variation
    attr_reader :variation_id
    # @return [String, nil] the id of the rule that answered
    attr_reader :rule_id
    # @return [Symbol] why the decision is what it is: one of {REASONS}
    attr_reader :reason
    # @return [Symbol, nil] why the caller's default was answered: `:flag_not_found`, `:provider_not_ready`,
    #   `:targeting_key_missing`, `:type_mismatch`, `:parse_error`, `:invalid_context` or `:general`
    attr_reader :error
    # @return [String, nil] a sentence about {error}
    attr_reader :message
    # @return [String, nil] what went wrong with the store on the way; the decision stands all the same
    attr_reader :store_error

    # @api private
    def initialize(members)
      MEMBERS.each { |name| instance_variable_set(:"@#{name}", members[name]) }
      freeze
    end

    # @return [Boolean] the ruleset has the flag
    def found? = @found
    # @return [Boolean] the flag read as a switch is on: gate passed, feature on, user part of the campaign
    def enabled? = @enabled
    # @return [Boolean] the answer came from a stored assignment
    def sticky? = @sticky
    # @return [Boolean] the caller's default was answered; {error} says why
    def default? = !@error.nil?

    # @return [Hash{Symbol => Object}] by the names in {MEMBERS}
    def to_h
      MEMBERS.to_h { |name| [name, instance_variable_get(:"@#{name}")] }
    end

    # For pattern matching.
    def deconstruct_keys(_names) = to_h

    def ==(other)
      other.is_a?(Decision) && to_h == other.to_h
    end
    alias eql? ==

    def hash = to_h.hash

    def inspect
      said = to_h.compact.map { |name, member| "#{name}=#{member.inspect}" }
      "#<#{self.class} #{said.join(" ")}>"
    end

    class << self
      # Reads a filled struct.
      #
      # @api private
      # @param pointer [FFI::Pointer] the struct
      # @param default [Object] the caller's default
      # @param default_json [String, nil] the same as it was given to the library
      def read(pointer, default = nil, default_json = nil)
        texts = Texts.new(pointer)
        error = Status::DEFAULTED[pointer.get_int32(ERROR)]
        type = TYPES[pointer.get_int32(TYPE)]
        value = value_of(type, pointer, texts)
        # The default goes back as the object that it came as, not as what JSON made of it.
        value = default if error && (type == :none || texts[JSON_TEXT] == default_json)
        new({ flag: texts[FLAG], value:, type:, variation: texts[VARIATION],
              variation_id: texts[VARIATION_ID], rule_id: texts[RULE_ID],
              reason: REASONS[pointer.get_int32(REASON)], error:, message: texts[MESSAGE],
              store_error: texts[STORE_ERROR], found: pointer.get_uint8(FOUND) == 1,
              enabled: pointer.get_uint8(ENABLED) == 1, sticky: pointer.get_uint8(STICKY) == 1 })
      end

      # A decision that the library could not even begin.
      #
      # @api private
      def failed(flag, default, message)
        new({ flag:, value: default, type: :none, reason: :error, error: :general, message:,
              found: false, enabled: false, sticky: false })
      end

      # The value alone.
      #
      # @api private
      def read_value(pointer)
        value_of(TYPES[pointer.get_int32(TYPE)], pointer, Texts.new(pointer))
      end

      # The value as JSON text.
      #
      # @api private
      def read_json(pointer) = Texts.new(pointer)[JSON_TEXT]

      private

      def value_of(type, pointer, texts)
        case type
        when :boolean then pointer.get_uint8(BOOLEAN) == 1
        when :text then texts[TEXT]
        when :none, :null then nil
        else Json.parse(texts[JSON_TEXT])
        end
      end
    end

    # The texts of a filled struct, which live until it is used again: each is copied when it is asked for.
    #
    # @api private
    class Texts
      def initialize(pointer)
        @pairs = pointer.get_array_of_uint64(Native::DecisionStruct.offset_of(:texts), 16)
      end

      # @return [String, nil] frozen
      def [](index)
        address = @pairs[index * 2]
        Text.read(FFI::Pointer.new(address), @pairs[(index * 2) + 1]).freeze unless address.zero?
      end
    end
    private_constant :Texts

    TEXT, JSON_TEXT, FLAG, VARIATION, VARIATION_ID, RULE_ID, MESSAGE, STORE_ERROR = (0..7).to_a
    REASON, ERROR, TYPE, FOUND, ENABLED, STICKY, BOOLEAN =
      %i[reason error value_type found enabled sticky value_boolean].map do |name|
      Native::DecisionStruct.offset_of(name)
    end
    private_constant :TEXT, :JSON_TEXT, :FLAG, :VARIATION, :VARIATION_ID, :RULE_ID, :MESSAGE, :STORE_ERROR, :REASON,
                     :ERROR, :TYPE, :FOUND, :ENABLED, :STICKY, :BOOLEAN
  end
end
