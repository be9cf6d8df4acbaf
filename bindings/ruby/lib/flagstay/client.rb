# frozen_string_literal: true

require_relative "client/events"
require_relative "client/kept"
require_relative "client/overrides"
require_relative "client/road"
require_relative "configuration"
require_relative "countries"
require_relative "decision"
require_relative "decisions"
require_relative "reply"
require_relative "slot"
require_relative "switch"
require_relative "switches"
require_relative "user"

module Flagstay
  # Decides for users by one ruleset, with at most one store. Make one per ruleset and process, and share it.
  #
  #     Flagstay::Client.open(ruleset_file: "flags.json", store: "sqlite:flags.db") do |client|
  #       user = Flagstay::User.new("user-1", attributes: { plan: "pro" })
  #       client.enabled?("new-checkout", user)
  #       client.text("button-colour", user, default: "grey")
  #     end
  #
  # Wherever a flag is expected, a String or a Symbol will do; wherever a user is, a {User}, and for single calls also a
  # key, a Hash in the shape of {User.from_json}, or nil for nobody. A {User} that is kept costs nothing, the others are
  # made anew in each call: about a microsecond for a key, several for a Hash.
  #
  # Threads: any method on any thread, at any time. With the store `memory:` or none a decision holds the interpreter
  # lock for the nanoseconds that it takes. With a store on disk other Ruby threads run while it waits.
  #
  # Fork: a client that was made before `fork` works in the child too. Events that were queued then stay the parent's.
  #
  # Errors: a decision answers the caller's default rather than raise. What cannot even be asked raises: a flag that is
  # no text (TypeError), text that is not UTF-8 ({InvalidTextError}), a user that cannot be made ({InvalidUserError}).
  # Everything else raises an {Error} that names the place.
  class Client
    include Events
    include Kept
    include Overrides
    include Road

    using User::Others

    # Where a number is written to. Taken and given back as {Slot}s are.
    VALUES = [] # rubocop:disable Style/MutableConstant
    private_constant :VALUES

    # Beyond this a double has no room for every whole number.
    EXACT = (2**53).to_f
    private_constant :EXACT

    # Makes a client, and with a block closes it again.
    #
    # @param options as for {#initialize}
    # @yieldparam client [Client]
    # @return [Object] what the block answers; the client without one
    def self.open(**options)
      client = new(**options)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end

    # @param ruleset [Hash, String, nil] the first ruleset, as Ruby values or JSON text
    # @param ruleset_file [String, Pathname, nil] the path of one. Without either the client answers defaults until
    #   {#update}
    # @param dialect [String] what rulesets are written in
    # @param store [String, Hash, #get, nil] `"memory:"`, `"sqlite:PATH"`, a Hash with `url`, `busy_timeout_ms` and
    #   `slow_ms`, or an object as {Store} describes it
    # @param events [Hash, nil] `capacity`: how many events wait to be drained (10,000); `exposures`: whether decisions
    #   queue exposure events (false)
    # @param options [Hash, nil] the dialect's own options, by its reference page
    # @param now_ms [Integer, nil] a fixed clock in Unix milliseconds, for tests and simulations
    # @param countries [#country, #call, nil] as for {#resolve_countries}
    # @raise [InvalidConfigError, InvalidRulesetError, InvalidJsonError, StoreError] a first ruleset that cannot be used
    #   makes no client
    def initialize(ruleset: nil, ruleset_file: nil, dialect: "flagstay", store: nil, events: nil, options: nil,
                   now_ms: nil, countries: nil)
      raise InvalidConfigError, "ruleset_file: give either ruleset or ruleset_file, not both" if ruleset && ruleset_file

      configuration = Configuration.new(dialect:, ruleset_file:, store:, events:,
                                        options:, now_ms:)
      @store = configuration.store
      @countries = nil
      lay_road(waits: configuration.waits?, calls_back: !@store.nil?)
      @closed = false
      @handle = make(configuration.to_json)
      @switches = Switches.new(@handle).table
      update(ruleset) if ruleset
      resolve_countries(countries) if countries
    end

    # Decides a switch.
    #
    # @return [Boolean] the default where there is no decision, or the flag is no switch
    def enabled?(flag, user, default: false)
      # What programs do most, with nothing on it that is not needed: one call, and the answer looked at.
      answer = flagstay_switch_on(@switches[flag], user.flagstay_address || (return carefully(flag, user, default)))
      answer == 1 || (answer > 1 && settle(answer, default) { carefully(flag, user, default) })
    end

    # Prepares a switch, for a flag that is asked again and again. The flag need not be in the ruleset, nor be a switch.
    #
    # @param default as for {#enabled?}
    # @return [Switch]
    # @raise [TypeError, InvalidTextError] for a flag that is no text
    def prepare_switch(flag, default: false)
      flag = Text.settled(flag, "flag")
      Switch.new(self, flag, default, Switches.prepare(@handle, flag))
    end

    # Decides a number.
    #
    # @return [Numeric, Object] an Integer where the number is whole and below 2^53, otherwise a Float; beyond that the
    #   {#value} is exact. The default, as it is, where there is no decision or the flag's value is no number
    def number(flag, user, default: nil)
      flag = text_of(flag, "flag")
      value = VALUES.pop || FFI::MemoryPointer.new(:uint64)
      status = decide(user) do |pointer|
        # No flag has this value, so it is told from a default of the dialect's own, which goes before the caller's.
        @native.number(@handle, pointer, flag, flag.bytesize, Float::NAN, value, nil)
      end
      number = value.get_double(0)
      VALUES << value
      Status.check(status)
      number.nan? ? default : whole(number)
    end

    # Decides a text.
    #
    # @return [String, Object] the default, as it is, where there is no decision or the flag's value is no text
    def text(flag, user, default: nil)
      flag = text_of(flag, "flag")
      fallback = default.nil? ? "" : text_of(default, "default")
      Slot.use do |slot|
        status = decide(user) do |pointer|
          @native.text(@handle, pointer, flag, flag.bytesize, fallback, fallback.bytesize, slot.decision, slot.error)
        end
        next Decision.text(slot.decision) if status == Status::OK

        defaulted(status, slot, default) do |decision|
          text = Decision.text(decision)
          text == fallback ? default : text
        end
      end
    end

    # Decides a value of any type.
    #
    # @return [Object] text, number, boolean, nil, or frozen Array or Hash with String names. The default, as it is,
    #   where there is no decision or the value is not of the default's type; a default of nil takes every type
    def value(flag, user, default: nil)
      flag = text_of(flag, "flag")
      fallback = Json.text(default, "default", InvalidArgumentError)
      Slot.use do |slot|
        status = decide(user) do |pointer|
          @native.json(@handle, pointer, flag, flag.bytesize, fallback, fallback.bytesize, slot.decision, slot.error)
        end
        next Decision.value(slot.decision) if status == Status::OK

        defaulted(status, slot, default) do |decision|
          Decision.json(decision) == fallback ? default : Decision.value(decision)
        end
      end
    end
    alias json value

    # Decides, and says all that there is to say about it.
    #
    # @param default what the decision's value is where there is an error
    # @param mode [:expose, :read] `:expose`: the user sees the variation, so a new assignment is stored, and an
    #   exposure is queued if the client collects them. `:read`: somebody only looks; nothing is queued, and nothing is
    #   stored but where the platform's own contract says so all the same
    # @param kind [:gate, :config, :experiment, :layer, nil] which is meant, where names can collide (Statsig)
    # @param assignments [Assignments, nil] what {#load_assignments} answered (Statsig); nil: none are passed
    # @param enforce_targeting [Boolean] users for whom the targeting rules decide otherwise today do not keep their
    #   stored assignment (Statsig)
    # @param enforce_overrides [Boolean] users whom an override rule matches today do not keep it either (Statsig)
    # @param details [Boolean] whether to gather what {Decision#details} answers, which costs time and memory
    # @return [Decision]
    def evaluate(flag, user, default: nil, mode: :expose, kind: nil, assignments: nil, enforce_targeting: false,
                 enforce_overrides: false, details: false)
      flag = Text.settled(flag, "flag")
      json = Json.text(default, "default", InvalidArgumentError) unless default.nil?
      memory = memory_of(json)
      Slot.use do |slot|
        options = slot.options(mode:, default: memory, kind:, assignments:, details:,
                               targeting: enforce_targeting, overrides: enforce_overrides)
        status = decide(user) do |pointer|
          @native.evaluate(@handle, pointer, flag, flag.bytesize, options, slot.decision, slot.error)
        end
        next Decision.new(slot.decision, flag, default, json) if status == Status::OK

        Decision.failed(flag, default, decline(status, slot.error))
      end
    end

    # Decides every flag for a user. Exposes nothing: {Decisions#[]} does.
    #
    # @param mode as for {#evaluate}, and so the others
    # @return [Decisions]
    def evaluate_all(user, mode: :expose, assignments: nil, enforce_targeting: false, enforce_overrides: false,
                     details: false)
      Slot.use do |slot|
        options = slot.options(mode:, assignments:, details:, targeting: enforce_targeting,
                               overrides: enforce_overrides)
        status = nil
        handle = Reply.handle(Native::DecisionsHandle) do |out, error|
          status = decide(user) { |pointer| @native.evaluate_all(@handle, pointer, options, out, error) }
        end
        Decisions.new(@handle, handle, Status::DEFAULTED[status])
      end
    end

    # Says why a decision is what it is: every rule tried, every condition's outcome, buckets, the stored record. Reads
    # stored assignments, stores and queues nothing. For people and logs, not for the request path.
    #
    # @param default as for {#evaluate}, and so the others
    # @return [Hash] with String names: `flag`, `decision` and `steps`
    def explain(flag, user, default: nil, kind: nil, assignments: nil, enforce_targeting: false,
                enforce_overrides: false, details: false)
      flag = text_of(flag, "flag")
      memory = memory_of(default.nil? ? nil : Json.text(default, "default", InvalidArgumentError))
      Slot.use do |slot|
        options = slot.options(mode: :read, default: memory, kind:, assignments:, details:,
                               targeting: enforce_targeting, overrides: enforce_overrides)
        document(user) do |pointer, out, error|
          @native.explain(@handle, pointer, flag, flag.bytesize, options, out, error)
        end
      end
    end

    # Tells how the client is doing.
    #
    # @return [Hash] with String names: `state`, `dialect`, `flags`, `problems`, `notes`, `overrides`, `updates`,
    #   `store`, `events`; more may be added
    def status
      JSON.parse(Reply.text { |out, error| Native::Waiting.client_status(@handle, out, error) })
    end

    # Hands the client a ruleset document. Evaluations go on meanwhile, each on the ruleset that it began with.
    #
    # @param document [Hash, String] Ruby values or JSON text
    # @return [self]
    # @raise [InvalidRulesetError, InvalidJsonError, ClosedError] what is refused changes nothing
    def update(document)
      document = Json.document(document, "ruleset", InvalidRulesetError)
      Reply.number { |_, error| Native::Waiting.client_update(@handle, document, document.bytesize, error) }
      self
    end

    # Says who knows the country of an IP address, from the next decision on: for conditions on the country of users who
    # come without one (Statsig). It goes before a table file in the configuration.
    #
    #     client.resolve_countries { |ip| reader.country(ip)&.iso_code }
    #
    # @param resolver [#country, #call, nil] an object as {Countries} describes it; nil, without a block: nobody any
    #   more
    # @return [self]
    # @raise [InvalidArgumentError, ClosedError]
    def resolve_countries(resolver = nil, &block)
      raise ArgumentError, "give either an object or a block, not both" if resolver && block

      resolver ||= block
      @countries ||= Countries.new
      table = @countries.table_for(resolver)
      call_back
      Reply.number { |_, error| Native.client_set_countries(@handle, table, error) }
      self
    end

    # Ends the client: from now on evaluations answer the default, and other calls raise {ClosedError}. Closing twice is
    # fine.
    #
    # @param timeout [Numeric] how many seconds to wait for background work
    # @return [nil]
    # @raise [TimeoutError] if it took longer; the client is closed all the same
    def close(timeout: 5)
      milliseconds = (timeout * 1000).ceil.clamp(0, (2**32) - 1)
      @closed = true
      Reply.number { |_, error| Native::Waiting.client_close(@handle, milliseconds, error) }
      nil
    end

    # @return [Boolean] whether {#close} has been called
    def closed? = @closed

    # @return [Exception, nil] the last exception that a store made of Ruby code raised
    def last_store_exception
      @store&.last_exception
    end

    # @return [Exception, nil] the last exception that a country resolver raised
    def last_country_exception
      @countries&.last_exception
    end

    def inspect
      "#<#{self.class}#{" closed" if closed?}>"
    end

    private

    def make(config)
      table = @store&.table
      Reply.handle(Native::ClientHandle) do |out, error|
        Native::Waiting.client_new(config, config.bytesize, table, out, error)
      end
    end

    # {#enabled?} in the careful way.
    def carefully(flag, user, default)
      switch = @switches[flag]
      return ask(switch, user, default) unless switch == Switches::NONE

      flag = text_of(flag, "flag")
      answered(decide(user) { |address| @native.on(@handle.address, address, flag, flag.bytesize, 0) }, default)
    end

    def whole(number)
      number.abs < EXACT && number == number.floor ? number.to_i : number
    end

    # The answer where there is no decision. A dialect may have a default of its own, which is not the caller's.
    def defaulted(status, slot, default)
      return yield(slot.decision) if Status.answer?(status)

      decline(status, slot.error)
      default
    end

    # A text for the library to read: in a call that lets other threads run, one that they cannot change.
    def text_of(value, name)
      @direct ? Text.utf8(value, name) : Text.settled(value, name)
    end

    def document(user)
      text = Reply.text do |out, error|
        decide(user) { |pointer| yield pointer, out, error }
      end
      JSON.parse(text) if text
    end

    def memory_of(text)
      FFI::MemoryPointer.new(:char, text.bytesize).put_bytes(0, text) if text
    end

    # A bug in the library must not fail a request, a wrong call must.
    #
    # @return [String] what the bug was
    def decline(status, error)
      error = Reply.error(status, error.get_pointer(0))
      raise error if status < 300

      error.message
    end
  end
end
