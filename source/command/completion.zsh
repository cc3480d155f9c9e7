#compdef baleen
# zsh completion for baleen: source <(baleen completion zsh)
_baleen() {
	local -a all names shown
	local line directive
	all=("${(@f)$(baleen __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
	directive=$all[-1]
	for line in $all[1,-2]; do
		names+=("${line%%$'\t'*}")
		shown+=("${line/$'\t'/ -- }")
	done
	if [[ $directive == :0 ]]; then
		_files
	elif [[ $directive == :6 ]]; then
		compadd -S '' -l -d shown -a names
	else
		compadd -l -d shown -a names
	fi
}
compdef _baleen baleen
