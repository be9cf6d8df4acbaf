# frozen_string_literal: true

require_relative "json"
require_relative "kind"
require_relative "native"

module Flagstay
  # One decision: what was answered, and why. Immutable, and free of the client that made it.
  #
  #     case client.evaluate("button-colour", user, default: "grey")
  #     in { value: String => colour, sticky: true } then …
  #     end
  class Decision
    # All memory from the address 1 on. Reading at an address through it makes no pointer object for each text.
    MEMORY = FFI::Pointer.new(1)
    private_constant :MEMORY

    REASONS = %i[error off fallthrough target_match rule_match prerequisite_failed sticky].freeze
    TYPES = %i[none null boolean number text list object].freeze

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
    # @return [Symbol, nil] what the flag is, where flags of several kinds may share a name (Statsig): `:gate`,
    #   `:config`, `:experiment` or `:layer`
    attr_reader :kind

    # Reads a filled struct.
    #
    # @api private
    # @param struct [FFI::Pointer]
    # @param flag [String, nil] the flag's key, where it need not be read
    # @param default [Object] the caller's default
    # @param default_json [String, nil] the same as it was given to the library
    def initialize(struct, flag = nil, default = nil, default_json = nil)
      @flag = flag || Decision.text(struct, FLAG)
      @type = TYPES[struct.get_int32(TYPE)]
      @variation = Decision.text(struct, VARIATION)
      @variation_id = Decision.text(struct, VARIATION_ID)
      @rule_id = Decision.text(struct, RULE_ID)
      @reason = REASONS[struct.get_int32(REASON)]
      @error = Status::DEFAULTED[struct.get_int32(ERROR)]
      @message = Decision.text(struct, MESSAGE)
      @store_error = Decision.text(struct, STORE_ERROR)
      @found = struct.get_uint8(FOUND) == 1
      @enabled = struct.get_uint8(ENABLED) == 1
      @sticky = struct.get_uint8(STICKY) == 1
      @kind = Kind::NAMES[struct.get_int32(KIND)]
      # Read as JSON when somebody asks.
      @details = struct.get_uint64(DETAILS) == 0 ? nil : [Decision.text(struct, DETAILS)] # rubocop:disable Style/NumericPredicate
      # The default goes back as the object that it came as, not as what JSON made of it.
      own = @error && (@type == :none || Decision.text(struct, VALUE_JSON) == default_json)
      @value = own ? default : Decision.value(struct, @type)
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

    # @return [Hash, nil] the platform's further facts, frozen, with String names, where `details: true` asked for them.
    #   What is in it is on the dialect's reference page
    def details
      text = @details&.first
      return text unless text.is_a?(String)

      @details[0] = Json.parse(text)
    end

    # One member of a value that is an object, as the variables of a flag are on some platforms:
    #
    #     price = decision.variable("price", 9.99)
    #
    # The default stands where the value is no object, where it has no such member, and, unless the default is nil,
    # where the member is of another type: a text does not become a number. Integer and Float are one type. That a
    # variable is not there is no error.
    #
    # @param name [String, Symbol]
    # @param default [Object] one that JSON has no form for, Object.new say, takes the place of what is missing only
    # @return [Object]
    def variable(name, default = nil)
      return default unless @value.is_a?(Hash)

      # Where the value is the caller's default, its names may be Symbols.
      member = @value.fetch(name.to_s) { @value.fetch(name.to_sym) { return default } }
      type = Decision.type_of(default)
      type.nil? || type == Decision.type_of(member) ? member : default
    end

    # @return [Hash{Symbol => Object}] everything that a decision says, by name
    def to_h
      { flag: @flag, value: @value, type: @type, variation: @variation, variation_id: @variation_id,
        rule_id: @rule_id, reason: @reason, error: @error, message: @message, store_error: @store_error,
        found: @found, enabled: @enabled, sticky: @sticky, kind: @kind, details: }
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
      # A decision that the library could not even begin.
      #
      # @api private
      def failed(flag, default, message)
        struct = FFI::MemoryPointer.new(:uint8, STRUCT.size)
        text = FFI::MemoryPointer.new(:char, message.bytesize + 1).put_bytes(0, message)
        struct.put_int32(ERROR, Status::DEFAULTED.key(:general))
        struct.put_pointer(MESSAGE, text).put_uint64(MESSAGE + 8, message.bytesize)
        new(struct, flag, default)
      end

      # The type of a Ruby value in JSON; nil for nil, and for what JSON has no form for.
      #
      # @api private
      def type_of(value)
        case value
        when true, false then :boolean
        when Numeric then :number
        when String, Symbol then :text
        when Array then :list
        when Hash then :object
        end
      end

      # Whether a struct holds the decision of a flag and a kind.
      #
      # @api private
      # @param kind [Integer]
      def of?(struct, flag, kind)
        struct.get_int32(KIND) == kind && text(struct, FLAG) == flag
      end

      # The value alone.
      #
      # @api private
      def value(struct, type = TYPES[struct.get_int32(TYPE)])
        case type
        when :boolean then struct.get_uint8(BOOLEAN) == 1
        when :text then text(struct)
        when :none, :null then nil
        else Json.parse(text(struct, VALUE_JSON))
        end
      end

      # The value as JSON text.
      #
      # @api private
      def json(struct) = text(struct, VALUE_JSON)

      # One of the texts: the value, where it is text, unless another place is named. They live until the struct is used
      # again, so each is copied.
      #
      # @api private
      # @return [String, nil] frozen
      def text(struct, place = VALUE_TEXT)
        address = struct.get_uint64(place)
        return if address == 0 # rubocop:disable Style/NumericPredicate

        MEMORY.get_bytes(address - 1, struct.get_uint64(place + 8)).force_encoding(Encoding::UTF_8).freeze
      end
    end

    STRUCT = Native::DecisionStruct
    REASON, ERROR, TYPE, FOUND, ENABLED, STICKY, BOOLEAN, KIND =
      %i[reason error value_type found enabled sticky value_boolean kind].map { |name| STRUCT.offset_of(name) }
    VALUE_TEXT, VALUE_JSON, FLAG, VARIATION, VARIATION_ID, RULE_ID, MESSAGE, STORE_ERROR, DETAILS =
      Array.new(9) { |pair| STRUCT.offset_of(:texts) + (16 * pair) }
    private_constant :STRUCT, :REASON, :ERROR, :TYPE, :FOUND, :ENABLED, :STICKY, :BOOLEAN, :KIND, :VALUE_TEXT,
                     :VALUE_JSON, :FLAG, :VARIATION, :VARIATION_ID, :RULE_ID, :MESSAGE, :STORE_ERROR, :DETAILS
  end
end
