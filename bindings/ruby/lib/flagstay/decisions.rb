# frozen_string_literal: true

require_relative "decision"
require_relative "reply"
require_relative "slot"

module Flagstay
  # The decisions for all flags of one user, made at one moment on one ruleset, in the order of the ruleset.
  #
  # Looking through them exposes nothing; `[]` says that the user sees what it answers, and queues the exposure event as
  # an evaluation of that flag would have. Threads may share it.
  class Decisions
    include Enumerable

    # @return [Symbol, nil] why there are no decisions: there is no ruleset, or the platform's rules make none
    attr_reader :error

    # @api private
    def initialize(client_handle, handle, error)
      @client_handle = client_handle
      @handle = handle
      @error = error
      freeze
    end

    # @return [Integer] how many there are
    def size
      Native.decisions_count(@handle)
    end
    alias length size

    def empty? = size.zero?

    # Answers a flag's decision and exposes it.
    #
    # @param flag [String, Symbol]
    # @param kind [:gate, :config, :experiment, :layer, nil] which is meant, where flags of several kinds share a name
    #   (Statsig); nil: the first
    # @return [Decision, nil] nil where there is no such flag
    def [](flag, kind = nil)
      index = index_of(flag, kind)
      return if index.nil?

      decision = at(index)
      Reply.number { |_, error| Native.decisions_expose(@handle, @client_handle, index, error) }
      decision
    end

    # Looks at a flag's decision, and exposes nothing.
    #
    # @param flag [String, Symbol]
    # @param kind as for {#[]}
    # @return [Decision, nil] nil where there is no such flag
    def peek(flag, kind = nil)
      index = index_of(flag, kind)
      at(index) if index
    end

    # @yieldparam decision [Decision]
    # @return [Enumerator] without a block
    def each
      return enum_for(:each) { size } unless block_given?

      size.times { |index| yield at(index) }
      self
    end

    def inspect
      "#<#{self.class} #{error || "of #{size} flags"}>"
    end

    private

    def index_of(flag, kind)
      number = Kind.number(kind)
      flag = Text.utf8(flag, "flag")
      first = first_of(flag)
      return first if first.nil? || kind.nil?

      # Only the first can be looked up. There are as many more as there are kinds, in any places behind it.
      Slot.use { |slot| (first...size).find { |index| Decision.of?(read(index, slot), flag, number) } }
    end

    def first_of(flag)
      return if @handle.nil?

      Slot.use do |slot|
        status = Native.decisions_find(@handle, flag, flag.bytesize, slot.value, nil)
        slot.value.get_uint64(0) if status == Status::OK
      end
    end

    def at(index)
      Slot.use { |slot| Decision.new(read(index, slot)) }
    end

    # @return [FFI::Pointer] the struct
    def read(index, slot)
      status = Native.decisions_at(@handle, index, slot.decision, slot.error)
      raise Reply.error(status, slot.error.get_pointer(0)) unless status == Status::OK

      slot.decision
    end
  end
end
