# bash completion for baleen: source <(baleen completion bash)
_baleen() {
	local line=${COMP_LINE:0:COMP_POINT} words=() all i word directive
	# bash takes words apart at : and =; a blank before it begins a new one.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${line#"${line%%[![:space:]]*}"}
		if ((i == 0)) || [[ $word != "$line" || -z $line ]]; then words+=(""); fi
		line=$word
		((i == COMP_CWORD)) && word=$line || word=${COMP_WORDS[i]}
		words[-1]+=$word
		line=${line#"$word"}
	done
	local whole=${words[-1]} quote=
	[[ $whole == [\'\"]* ]] && quote=${whole:0:1}
	for ((i = 1; i < ${#words[@]}; i++)); do
		# What is typed stays text: quotes go, nothing is run.
		words[i]=${words[i]//[\'\"\\]/}
	done
	mapfile -t all < <(baleen __complete "${words[@]:1}" 2>/dev/null)
	((${#all[@]})) || return
	directive=${all[-1]}
	unset 'all[-1]'
	[[ $directive == :6 ]] && compopt -o nospace
	[[ $directive == :0 ]] && compopt -o default
	COMPREPLY=()
	local typed=${words[-1]%"${2//[\'\"\\]/}"}
	for word in "${all[@]}"; do
		word=${word%%$'\t'*}
		word=${word#"$typed"}
		if [[ -z $quote ]]; then
			printf -v word %q "$word"
			word=${word//\\=/=}
		elif [[ $word == *[\'\"\\\$\`!]* ]]; then
			continue
		fi
		COMPREPLY+=("$word")
	done
}
complete -F _baleen baleen
