# frozen_string_literal: true

require_relative "native"
require_relative "user"

module Flagstay
  # A flag of one client that is asked again and again whether it is on. {Client#prepare_switch} makes it.
  #
  #     checkout = client.prepare_switch("new-checkout")
  #     checkout.on?(user)
  #
  # It answers what {Client#enabled?} answers, by the ruleset that the client has when it is asked. Make it once and
  # keep it: then nothing is looked up any more, whatever the flag's name is made of.
  #
  # It keeps its client from the garbage collector. When that is closed, it answers the default.
  #
  # Immutable. Threads may share it, and a fork may go on with it.
  class Switch
    using User::Others

    # @return [String] the flag's key
    attr_reader :flag

    # @api private
    # @param client [Client] kept, because the library must not be asked about a switch whose client is gone
    # @param flag [String] frozen
    # @param handle [Native::SwitchHandle]
    def initialize(client, flag, default, handle)
      @client = client
      @address = handle.address
      @default = default ? true : false
      @flag = flag
      @handle = handle
      freeze
    end

    # @return [Boolean] the answer where there is no decision, or the flag is no switch
    def default? = @default

    # Decides.
    #
    # @param user [User, String, Symbol, Hash, nil] as for {Client#enabled?}
    # @return [Boolean] the default where there is no decision, or the flag is no switch
    # @raise [TypeError, InvalidUserError, InvalidTextError] for what is no user
    def on?(user)
      # As in Client#enabled?.
      answer = @client.flagstay_switch_on(@address, user.flagstay_address || (return carefully(user)))
      answer == 1 || (answer > 1 && @client.send(:settle, answer, @default) { carefully(user) })
    end

    def inspect
      "#<#{self.class} #{@flag.inspect}>"
    end

    private

    def carefully(user)
      @client.send(:ask, @address, user, @default)
    end
  end
end
