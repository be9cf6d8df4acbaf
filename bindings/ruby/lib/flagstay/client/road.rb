# frozen_string_literal: true

require_relative "../callbacks"
require_relative "../native"
require_relative "../user"

module Flagstay
  class Client
    # The two ways in which a client asks the library about a user.
    #
    # The straight one is a single call that holds the interpreter lock, about a switch that is prepared, for a user
    # whom the library has. It is closed where a decision may wait or run Ruby code. The careful one takes everything.
    #
    # @api private
    module Road
      using User::Others

      # What the library answers where it is given no switch, and a closed road without asking it: that an argument is
      # invalid, and in the last bit false.
      REFUSED = 100 << 1

      # What stands before the straight way where that is closed. A client whose way is open pays nothing for it.
      module Closed
        def flagstay_switch_on(_switch, _user) = REFUSED
      end
      private_constant :REFUSED, :Closed

      # @!method flagstay_switch_on(switch, user)
      #   The straight way: the library's function as it is. Whoever asks must have hold of the switch and of the user.
      #   @param switch [Integer] its address
      #   @param user [Integer] theirs
      #   @return [Integer] 1 and 0 are decisions; {#settle} knows the rest
      define_method(:flagstay_switch_on, Native.instance_method(:switch_on))

      private

      # @param waits [Boolean] whether a decision may wait for something outside this process
      # @param calls_back [Boolean] whether it may run Ruby code
      def lay_road(waits:, calls_back:)
        @native = waits ? Native::Waiting : Native
        @calls_back = false
        # Whether a decision is one call on memory that nobody can touch meanwhile, and nothing is left to do after it.
        @direct = true
        close_road if waits
        call_back if calls_back
      end

      # From here on a decision may run Ruby code.
      def call_back
        @calls_back = true
        close_road
      end

      def close_road
        @direct = false
        extend(Closed)
      end

      # A copy has what the original has, but not what stands before its methods.
      def initialize_copy(original)
        super
        close_road unless @direct
      end

      # Asks a switch in the careful way.
      #
      # @param switch [Integer] its address; whoever asks must have hold of it
      # @return [Boolean]
      def ask(switch, user, default)
        answered(decide(user) { |address| @native.switch_on(switch, address) }, default)
      end

      # Runs one call for a user; if it went through Ruby code, goes on with what interrupted that.
      def decide(user, &)
        return Callbacks.during { User.borrow(user, &) } if @calls_back

        address = user.flagstay_address
        address ? yield(address) : User.borrow(user, &)
      end

      # @param answer [Integer] of `flagstay_on` or `flagstay_switch_on`, in the careful way
      # @return [Boolean] the default where there is no decision
      # @raise [Error] if the call was wrong
      def answered(answer, default)
        return answer == 1 if answer < 2

        Status.check(answer >> 1)
        default ? true : false
      end

      # The same for an answer of the straight way that is no decision.
      #
      # @yieldreturn [Boolean] the answer of the careful way, where this one was refused
      def settle(answer, default)
        answer == REFUSED ? yield : answered(answer, default)
      end
    end
  end
end
