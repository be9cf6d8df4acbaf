# frozen_string_literal: true

require_relative "native"
require_relative "reply"
require_relative "text"

module Flagstay
  # The flags that a client was asked for, each with a switch that is prepared, so that the library need not look for it
  # again. They are freed with the client, and not before: any thread may be about to ask one.
  #
  # Threads: any. A flag that two meet for the first time at the same moment may be without its switch for one of them.
  #
  # @api private
  class Switches
    # How many flags there are at most: a program may make their names of what it is sent.
    KNOWN = 4096

    # The address for a flag that has no switch. The library refuses it.
    NONE = 0

    # @param client [Native::ClientHandle]
    # @param flag [String] UTF-8, frozen
    # @return [Native::SwitchHandle] a new switch, which answers false where there is no decision
    def self.prepare(client, flag)
      Reply.handle(Native::SwitchHandle) do |out, error|
        Native.switch_new(client, flag, flag.bytesize, 0, out, error)
      end
    end

    # @return [Hash{Object => Integer}] where the switch of a flag is, or {NONE}. The object is looked for before its
    #   letters are: a literal is found sooner than it is read. A flag that is no text raises
    attr_reader :table

    # @param client [Native::ClientHandle]
    def initialize(client)
      @client = client
      @lock = Mutex.new
      @handles = []
      @addresses = addresses = {}
      # Captured, because a literal that is made anew in each call comes this way.
      @table = Hash.new do |_, flag|
        address = addresses[flag]
        address && !flag.frozen? ? address : find(flag, address)
      end.compare_by_identity
    end

    private

    def find(flag, address)
      address ||= named(Text.settled(flag, "flag"))
      @table[flag] = address if address != NONE && lasting?(flag)
      address
    end

    def named(flag)
      known = @addresses[flag]
      return known if known
      return NONE unless @addresses.size < KNOWN && @lock.try_lock

      begin
        @addresses[flag] ||= keep(Switches.prepare(@client, flag))
      ensure
        @lock.unlock
      end
    end

    def keep(handle)
      @handles << handle
      handle.address
    end

    # Whether who asks again has the same object: a Symbol, or the one String of its letters, as frozen literals are. So
    # there are few objects for a flag.
    def lasting?(flag)
      flag.is_a?(String) ? (-flag).equal?(flag) : flag.is_a?(Symbol)
    end
  end
end
